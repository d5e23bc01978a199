"""How NGSI-LD tells what is wrong: RFC 7807 documents with the standard's types (5.5.2, 6.3.2)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban_sdk.web import CallError, LogInRequiredError

__all__ = ["ProblemError", "View", "details", "for_programs", "plain", "problem"]

View = Callable[[Request], Awaitable[Response]]

_TYPE: Final = "https://uri.etsi.org/ngsi-ld/errors/"
_AUDIENCE: Final = "ngsi-ld"
# The standard's error types: HTTP status and title.
_PROBLEMS: Final = {
    "InvalidRequest": (400, "The request is syntactically invalid or has wrong content"),
    "BadRequestData": (400, "The request has input data that the operation can't take"),
    "AlreadyExists": (409, "The referred element already exists"),
    "OperationNotSupported": (422, "The operation is not supported"),
    "ResourceNotFound": (404, "The referred resource has not been found"),
    "InternalError": (500, "There has been an error during the operation execution"),
    "TooComplexQuery": (403, "The query is too complex"),
    "TooManyResults": (403, "The query gives more results than can be delivered"),
    "LdContextNotAvailable": (503, "A remote JSON-LD @context can't be retrieved"),
    "NoMultiTenantSupport": (501, "Tenants are not supported"),
}
_BY_REASON: Final = {
    "DOCUMENT_NOT_JSON": "InvalidRequest",
    "NOT_SUPPORTED": "OperationNotSupported",
    "QUERY_TOO_COMPLEX": "TooComplexQuery",
    "TOO_MANY_RESULTS": "TooManyResults",
    "CONTEXT_NOT_AVAILABLE": "LdContextNotAvailable",
}
_BY_CODE: Final = {
    grpc.StatusCode.INVALID_ARGUMENT: "BadRequestData",
    grpc.StatusCode.ALREADY_EXISTS: "AlreadyExists",
    grpc.StatusCode.NOT_FOUND: "ResourceNotFound",
    grpc.StatusCode.INTERNAL: "InternalError",
    grpc.StatusCode.UNKNOWN: "InternalError",
}
# For these the standard has no type of its own.
_PLAIN: Final = {
    grpc.StatusCode.PERMISSION_DENIED: (403, "Forbidden"),
    grpc.StatusCode.UNAUTHENTICATED: (401, "Unauthorized"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "Too Many Requests"),
    grpc.StatusCode.ABORTED: (409, "Conflict"),
}


class ProblemError(Exception):
    """A request that is refused before anybody is asked; `kind` is one of the standard's types."""

    def __init__(self, kind: str, detail: str, status: int = 0) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.status = kind, detail, status


def problem(kind: str, detail: str) -> Response:
    """An error of the standard's."""
    body = details(kind, detail)
    return _answer(body, int(body["status"]))


def plain(status: int, title: str, detail: str) -> Response:
    """An error that HTTP alone has a word for."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return _answer(body, status)


def details(kind: str, detail: str) -> dict[str, Any]:
    """The ProblemDetails of one of the standard's types."""
    status, title = _PROBLEMS[kind]
    return {"type": _TYPE + kind, "title": title, "status": status, "detail": detail}


def kind_of(reason: str, code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> str:
    """The standard's type for a reason of ours; "" where it has none."""
    return _BY_REASON.get(reason) or _BY_CODE.get(code, "")


def _answer(body: dict[str, Any], status: int) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = f'Bearer realm="{_AUDIENCE}"'
    return Response(content, status, headers, "application/problem+json")


def _refused(error: CallError) -> Response:
    field = next(iter(error.fields), "")
    detail = f"{field}: {error.message}" if field else error.message
    kind = kind_of(error.reason, error.code)
    if kind:
        return problem(kind, detail)
    status, title = _PLAIN.get(error.code, (503, "Service Unavailable"))
    return plain(status, title, detail)


def for_programs(view: View) -> View:
    """The caller's bearer token goes inward, exchanged; cookies count for nothing here."""

    async def guarded(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        request.state.session = None
        request.state.bearer = token.strip() if scheme.lower() == "bearer" else ""
        request.state.audience = _AUDIENCE
        if request.headers.get("ngsild-tenant"):
            return problem("NoMultiTenantSupport", "NGSILD-Tenant")
        try:
            return await view(request)
        except LogInRequiredError:
            return plain(401, "Unauthorized", f"an access token of audience {_AUDIENCE} is needed")
        except ProblemError as error:
            if error.status:
                return plain(error.status, error.kind, error.detail)
            return problem(error.kind, error.detail)
        except CallError as error:
            return _refused(error)

    return guarded
