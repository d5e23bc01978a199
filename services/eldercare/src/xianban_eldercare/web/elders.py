"""For staff: the elders of their areas, and one elder."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import care_files_pb2 as pb
from xianban_sdk.web import call, person, render, roles_only

from xianban_eldercare.web.board import ROLES as DESK
from xianban_eldercare.web.clients import files
from xianban_eldercare.web.file import AREAS, LEVELS, LIVINGS, MANAGER, old_level
from xianban_eldercare.web.home import file_of, shown_state, state_of
from xianban_eldercare.web.observations import CLINICIANS
from xianban_eldercare.web.shown import tail

PAGE = 20
ROLES = (*DESK, *CLINICIANS)


@roles_only(*ROLES)
async def elders(request: Request) -> Response:
    query = request.query_params
    search, level = query.get("q", "").strip()[:60], query.get("level", "")
    known = {str(value): value for value in LEVELS}
    asked = pb.ListCareFilesRequest(
        search=search,
        least_level=known.get(level, pb.CARE_LEVEL_UNSPECIFIED),
        page_size=PAGE,
        page_token=query.get("page_token", ""),
    )
    found = await call(request, files.ListCareFiles, asked)
    kept = {"q": search, "level": level}
    return render(
        request,
        "eldercare/elders.html",
        elders=[(one.name.split("/")[1], one) for one in found.care_files],
        typed=kept,
        levels=LEVELS,
        livings=LIVINGS,
        areas=AREAS,
        next_href=_href(kept | {"page_token": found.next_page_token})
        if found.next_page_token
        else "",
        first_href=_href(kept) if query.get("page_token") else "",
    )


def _href(query: dict[str, str]) -> str:
    return "/eldercare/elders?" + urlencode({key: one for key, one in query.items() if one})


@roles_only(*ROLES)
async def elder(request: Request) -> Response:
    whose = f"residents/{request.path_params['resident']}"
    (state, away), (file, no_file) = await asyncio.gather(
        state_of(request, whose), file_of(request, whose)
    )
    if state is None and file is None and no_file is not None:
        raise no_file
    return render(
        request,
        "eldercare/elder.html",
        **shown_state(state, away),
        polls=False,
        id=tail(whose),
        file=file,
        no_file=no_file,
        old=old_level(file),
        levels=LEVELS,
        livings=LIVINGS,
        areas=AREAS,
        manager=MANAGER in person(request).roles,
        desk=not person(request).roles.isdisjoint(DESK),
        observes=not person(request).roles.isdisjoint((MANAGER, *CLINICIANS)),
    )
