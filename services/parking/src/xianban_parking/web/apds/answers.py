"""How APDS answers: pages with their meta, versions as references, tags, errors.

The APDS specification describes no error bodies; problems are told as RFC 9457 documents.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from starlette.requests import Request
from starlette.responses import Response
from xianban_sdk.web import CallError, LogInRequiredError, viewer_of
from xianban_sdk.web.formats import iso, moment

Data = dict[str, Any]
View = Callable[[Request], Awaitable[Response]]

PAGE = 50
LARGEST_PAGE = 200
ISSUER = "xianban"
# No service keeps when a record of this exchange was made: it was, when this process began.
MADE = iso(datetime.now(UTC).replace(microsecond=0))
_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 503,
}


def reference(id_: str, version: int = 1, kind: str = "") -> Data:
    """An APDS VersionedReference."""
    return {"id": id_, "version": version} | ({"className": kind} if kind else {})


def words(request: Request, text: str) -> list[Data]:
    """A MultilingualString in the caller's language (Accept-Language)."""
    return [{"language": viewer_of(request).locale[:2], "string": text}] if text else []


def at(value: Timestamp) -> str:
    """RFC 3339; empty where nothing is set."""
    return iso(value)


def yuan(fen: int) -> float:
    """APDS wants a float of the currency; two decimals survive it exactly."""
    return round(fen / 100, 2)


def paged(request: Request, items: Sequence[Data]) -> Response:
    """A page of a list that is complete here."""
    offset, size = _number(request, "offset", 0), _number(request, "pageSize", PAGE)
    size = max(1, min(size, LARGEST_PAGE))
    meta = {
        "referenceInstant": _number(request, "referenceInstant", int(time.time())),
        "offset": offset,
        "pageSize": size,
        "total": len(items),
    }
    return answer(request, {"meta": meta, "data": list(items[offset : offset + size])}, items)


def answer(request: Request, body: Data, tagged: object = None) -> Response:
    """JSON with a tag over its content; 304 when the caller has it already."""
    query = str(request.query_params)
    content = json.dumps([query, body if tagged is None else tagged], sort_keys=True, default=str)
    tag = f'W/"{hashlib.sha256(content.encode()).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-language, authorization"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _json(body, 200, headers)


def problem(status: int, reason: str, detail: str, **more: object) -> Response:
    """RFC 9457."""
    body: Data = {"type": "about:blank", "title": reason, "status": status, "detail": detail}
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="apds", scope="parking"'
    return _json(body | more, status, headers, "application/problem+json")


def _json(
    body: object, status: int, headers: Mapping[str, str], kind: str = "application/json"
) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(content, status, dict(headers), kind)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else default


def for_programs(view: View) -> View:
    """The caller's bearer token goes inward; cookies count for nothing here."""

    async def guarded(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        request.state.session = None
        request.state.bearer = token.strip() if scheme.lower() == "bearer" else ""
        try:
            return await view(request)
        except LogInRequiredError:
            return problem(401, "UNAUTHENTICATED", "an access token for parking is needed")
        except CallError as error:
            status = _STATUS.get(error.code, 500)
            return problem(status, error.reason, error.message, errors=dict(error.fields))

    return guarded


def wanted(request: Request, name: str) -> frozenset[str]:
    """A comma-separated list of the query."""
    return frozenset(part for part in request.query_params.get(name, "").split(",") if part)


def seconds(value: Timestamp) -> int:
    """Unix time, 0 where nothing is set."""
    known = moment(value)
    return int(known.timestamp()) if known else 0
