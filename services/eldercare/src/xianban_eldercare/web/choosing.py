"""An elder chosen in a form: those whom a search finds, and never some without saying so."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from xianban.eldercare.v1 import care_files_pb2 as pb
from xianban_sdk.web import call, if_there

from xianban_eldercare.web.clients import files

__all__ = ["Elders", "elders_to_choose"]

_MOST = 200


@dataclass(frozen=True)
class Elders:
    """What the list offers, what was searched for, and whether there are others."""

    options: list[tuple[str, str]]
    searched: str
    more: bool


async def elders_to_choose(request: Request, chosen: str = "") -> Elders:
    """With whoever is chosen already, also when the search does not find them."""
    searched = request.query_params.get("elder", "").strip()[:60]
    asked = pb.ListCareFilesRequest(search=searched, page_size=_MOST)
    found = await call(request, files.ListCareFiles, asked)
    options = [(one.name.rpartition("/")[0], one.display_name) for one in found.care_files]
    if chosen and chosen not in dict(options):
        options = [*await _named(request, chosen), *options]
    return Elders(options, searched, bool(found.next_page_token))


async def _named(request: Request, whose: str) -> list[tuple[str, str]]:
    asked = pb.GetCareFileRequest(name=f"{whose}/careFile")
    file, _ = await if_there(call(request, files.GetCareFile, asked))
    return [(whose, file.display_name)] if file else []
