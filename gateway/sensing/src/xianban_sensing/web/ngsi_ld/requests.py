"""What an NGSI-LD request says: its document and @context, and the parameters it may have."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from ulid import ULID
from xianban.sensing.v1 import context_pb2 as pb

from xianban_sensing.web.ngsi_ld.problems import ProblemError

__all__ = [
    "JSON",
    "JSON_LD",
    "accepted",
    "document",
    "linked_context",
    "look",
    "names",
    "number",
    "options",
    "page",
    "past",
    "request_id",
    "selection",
    "window",
]

JSON: Final = "application/json"
JSON_LD: Final = "application/ld+json"
_REL: Final = "http://www.w3.org/ns/json-ld#context"
_LARGEST: Final = 1_000_000
_PAGE: Final = 20
_ABSENT: Final = (
    "csf",
    "scopeQ",
    "lang",
    "join",
    "containedBy",
    "datasetId",
    "pick",
    "omit",
    "orderBy",
    "aggrMethods",
    "aggrPeriodDuration",
    "geometryProperty",
    "jsonKeys",
    "expandValues",
)
_FORMS: Final = {
    "normalized": pb.DOCUMENT_FORM_NORMALIZED,
    "concise": pb.DOCUMENT_FORM_CONCISE,
    "keyValues": pb.DOCUMENT_FORM_SIMPLIFIED,
    "simplified": pb.DOCUMENT_FORM_SIMPLIFIED,
    "temporalValues": pb.DOCUMENT_FORM_SIMPLIFIED,
}


def request_id() -> str:
    """NGSI-LD requests have none: each is its own."""
    return str(ULID())


async def document(request: Request) -> pb.WrittenDocument:
    """The body, of one of the two media types; where the @context stands depends on it (6.3.5)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (JSON, JSON_LD):
        raise ProblemError("Unsupported Media Type", f"{JSON} or {JSON_LD}", 415)
    text = await _body(request)
    context = linked_context(request)
    if kind == JSON_LD and context:
        raise ProblemError("BadRequestData", f"a Link header beside {JSON_LD}")
    for one in _documents(text):
        if ("@context" in one) != (kind == JSON_LD):
            raise ProblemError("BadRequestData", f"@context in {JSON}, or none in {JSON_LD}")
    return pb.WrittenDocument(json=text, context=context)


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise ProblemError("Content Too Large", f"{_LARGEST} bytes at most", 413)
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ProblemError("InvalidRequest", "not UTF-8") from None


def _documents(text: str) -> list[dict[str, Any]]:
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ProblemError("InvalidRequest", str(error)) from None
    items = cast("list[Any]", found) if isinstance(found, list) else [found]
    return [cast("dict[str, Any]", one) for one in items if isinstance(one, dict)]


def linked_context(request: Request) -> str:
    """The @context that a Link header names, as JSON; "" without one (6.3.5)."""
    for one in request.headers.get("link", "").split(","):
        target, *params = (part.strip() for part in one.split(";"))
        if f'rel="{_REL}"' in params or f"rel={_REL}" in params:
            return json.dumps(target.strip("<>"))
    return ""


def accepted(request: Request) -> str:
    """The media type of the answer: the first of ours that the caller takes."""
    asked = request.headers.get("accept", "*/*").lower().split(",")
    for kind in (one.partition(";")[0].strip() for one in asked):
        if kind in (JSON_LD, JSON):
            return kind
        if kind in ("*/*", "application/*", ""):
            return JSON
    raise ProblemError("Not Acceptable", f"{JSON} or {JSON_LD}", 406)


def options(request: Request) -> frozenset[str]:
    """`options` and `format`, which say the same things."""
    query = request.query_params
    words = f"{query.get('options', '')},{query.get('format', '')}".split(",")
    return frozenset(word.strip() for word in words if word.strip())


def look(request: Request) -> pb.DocumentLook:
    """How the answer is written."""
    chosen = options(request)
    form = next((_FORMS[name] for name in sorted(chosen) if name in _FORMS), None)
    return pb.DocumentLook(
        context=linked_context(request),
        form=form or pb.DOCUMENT_FORM_NORMALIZED,
        system_attributes="sysAttrs" in chosen,
        own_context=accepted(request) == JSON_LD,
    )


def names(request: Request, parameter: str) -> list[str]:
    """A comma-separated list."""
    given = request.query_params.get(parameter, "")
    return [name.strip() for name in given.split(",") if name.strip()]


def number(request: Request, parameter: str, default: int) -> int:
    """A whole number, not below 0."""
    text = request.query_params.get(parameter, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ProblemError("BadRequestData", f"{parameter}: a whole number, not below 0")
    return int(text)


def selection(request: Request) -> pb.EntitySelection:
    """Which entities; what of the standard is not read here is refused, not overlooked."""
    query = request.query_params
    absent = [name for name in _ABSENT if name in query]
    kinds = query.get("type", "")
    if absent or set(kinds) & set(";()*"):
        raise ProblemError("OperationNotSupported", absent[0] if absent else "type")
    return pb.EntitySelection(
        types=[one.strip() for one in kinds.replace("|", ",").split(",") if one.strip()],
        ids=names(request, "id"),
        id_pattern=query.get("idPattern", ""),
        attributes=names(request, "attrs"),
        query=query.get("q", ""),
        georel=query.get("georel", ""),
        geometry=query.get("geometry", ""),
        coordinates=_coordinates(query.get("coordinates", "")),
        geoproperty=query.get("geoproperty", ""),
    )


def _coordinates(text: str) -> list[float]:
    try:
        found: Any = orjson.loads(text) if text else []
        return [float(one) for one in found]
    except (orjson.JSONDecodeError, TypeError, ValueError):
        raise ProblemError("BadRequestData", "coordinates") from None


def page(request: Request) -> pb.PageOfEntities:
    """`limit` 0 is for who wants the number alone (6.3.10)."""
    counted = request.query_params.get("count") == "true" or "count" in options(request)
    most, offset = window(request)
    if most == 0 and not counted:
        raise ProblemError("BadRequestData", "limit: 0 only with count=true")
    return pb.PageOfEntities(limit=max(most, 1), offset=offset, count=counted)


def window(request: Request) -> tuple[int, int]:
    """`limit` and `offset`."""
    return number(request, "limit", _PAGE), number(request, "offset", 0)


def past(request: Request) -> pb.PastSelection:
    """Which instances of the past."""
    query = request.query_params
    return pb.PastSelection(
        timerel=query.get("timerel", ""),
        time_at=query.get("timeAt", ""),
        end_time_at=query.get("endTimeAt", ""),
        timeproperty=query.get("timeproperty", ""),
        last_n=number(request, "lastN", 0),
    )
