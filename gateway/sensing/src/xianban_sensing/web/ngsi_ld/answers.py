"""How NGSI-LD answers: documents, lists with their links, and where names are explained."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from xianban_sensing.web.ngsi_ld.requests import JSON, JSON_LD, accepted, linked_context, window

__all__ = ["documents", "made", "nothing", "one_document", "several", "whole"]

_HOME: Final = "/ngsi-ld/v1/jsonldContexts/district"
_COUNT: Final = "NGSILD-Results-Count"


def one_document(request: Request, text: str) -> Response:
    """A document as the service wrote it."""
    return _answer(request, text, [_explained(request)])


def documents(request: Request, texts: Iterable[str], *, more: bool, total: int | None) -> Response:
    """A page of a list, with links to those around it (6.3.10)."""
    limit, offset = window(request)
    shown = list(texts) if limit else []
    links = [_explained(request), *_around(request, limit, offset, more)]
    answer = _answer(request, f"[{','.join(shown)}]", links)
    if total is not None:
        answer.headers[_COUNT] = str(total)
    return answer


def whole(request: Request, value: object) -> Response:
    """Something that we write ourselves."""
    return _answer(request, json.dumps(value, ensure_ascii=False), [_explained(request)])


def made(path: str, id_: str) -> Response:
    """201, and where it is."""
    return Response(status_code=201, headers={"location": f"{path}/{quote(id_, safe=':')}"})


def nothing() -> Response:
    """204."""
    return Response(status_code=204)


def several(body: object, status: int = 207) -> Response:
    """What became of each part."""
    return Response(json.dumps(body, ensure_ascii=False), status, media_type=JSON)


def _answer(request: Request, text: str, links: Iterable[str]) -> Response:
    kind = accepted(request)
    headers = {"vary": "accept, link, authorization"}
    known = [link for link in links if link]
    if known:
        headers["link"] = ", ".join(known)
    return Response(text, 200, headers, kind)


def _explained(request: Request) -> str:
    """A link to the @context of the names; JSON-LD has it in the body."""
    if accepted(request) == JSON_LD:
        return ""
    asked = linked_context(request)
    issuer = str(request.app.state.settings.issuer).rstrip("/")
    url = json.loads(asked) if asked else f"{issuer}{_HOME}"
    return f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="{JSON_LD}"'


def _around(request: Request, limit: int, offset: int, more: bool) -> list[str]:
    found: list[str] = []
    if offset > 0 and limit:
        found.append(_page_link(request, max(0, offset - limit), limit, "prev"))
    if more and limit:
        found.append(_page_link(request, offset + limit, limit, "next"))
    return found


def _page_link(request: Request, offset: int, limit: int, rel: str) -> str:
    query = {**request.query_params, "offset": str(offset), "limit": str(limit)}
    return f'<{request.url.path}?{urlencode(query)}>; rel="{rel}"; type="{accepted(request)}"'
