"""Refusals and failures as pages that say what happened and what to do next."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote, urlsplit

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from xianban_sdk import telemetry
from xianban_sdk.telemetry import log
from xianban_sdk.web import CallError, Pages, render, text, viewer_of

from xianban_portal.doors import close_session, end_acting, still_acting
from xianban_portal.oidc import IdentityAwayError

_Code = grpc.StatusCode

# Status, title key, text key ("": the service's own words).
_KINDS: dict[grpc.StatusCode, tuple[int, str, str]] = {
    _Code.INVALID_ARGUMENT: (400, "problem-invalid-title", ""),
    _Code.NOT_FOUND: (404, "problem-not-found-title", ""),
    _Code.PERMISSION_DENIED: (403, "problem-denied-title", "problem-denied"),
    _Code.FAILED_PRECONDITION: (409, "problem-conflict-title", ""),
    _Code.ALREADY_EXISTS: (409, "problem-conflict-title", ""),
    _Code.ABORTED: (409, "problem-conflict-title", ""),
    _Code.RESOURCE_EXHAUSTED: (429, "problem-busy-title", "problem-busy"),
    _Code.UNAVAILABLE: (503, "problem-unavailable-title", "problem-unavailable"),
    _Code.DEADLINE_EXCEEDED: (503, "problem-unavailable-title", "problem-unavailable"),
}
_BROKEN = (500, "problem-internal-title", "problem-internal")
# Services that have no site of their own to name them.
_WITHOUT_PAGES = frozenset({"sensing"})
STEP_UP = frozenset({"STEP_UP_REQUIRED", "INSUFFICIENT_USER_AUTHENTICATION"})


def problem(request: Request, status: int, title: str, message: str) -> Response:
    """The page; `message` is finished text."""
    trace = telemetry.current()
    retry = status >= 500 and request.method == "GET"
    context: dict[str, Any] = {"title": text(request, "kit", title), "message": message}
    context |= {"retry": retry, "trace": trace.trace_id[:16] if trace and status >= 500 else ""}
    answer = render(request, "problem.html", status, **context)
    if status == 503:
        answer.headers["retry-after"] = "5"
    return answer


async def on_call_error(request: Request, error: Exception) -> Response:
    failed = cast(CallError, error)
    if failed.code is _Code.UNAUTHENTICATED:
        return _authenticate(request, failed)
    acting = viewer_of(request).acting_for
    if failed.reason == "RESIDENT_NOT_FOUND" and acting:
        return await _out_of_reach(request, acting.name)
    status, title, key = _KINDS.get(failed.code, _BROKEN)
    if status >= 500:
        log.warning("page_failed", path=request.url.path, error=str(failed))
    name = service_name(request, failed.service)
    own = failed.message or text(request, "kit", "problem-not-found")
    return problem(request, status, title, text(request, "kit", key, service=name) if key else own)


async def _out_of_reach(request: Request, name: str) -> Response:
    """The delegation is over, or it never reached this far."""
    if not await still_acting(request):
        return end_acting(request, "/acting-for?ended=1")
    words = text(request, "portal", "acting-not-this", name=name)
    return problem(request, 403, "problem-denied-title", words)


def service_name(request: Request, service: str) -> str:
    """A service's name as its own site writes it."""
    pages: Pages = request.app.state.pages
    for site in pages.sites:
        if service in (site.service, site.name) and site.title:
            return text(request, site.name, site.title)
    return text(request, "portal", f"service-{service}") if service in _WITHOUT_PAGES else service


def _authenticate(request: Request, failed: CallError) -> Response:
    if failed.reason in STEP_UP:
        acr = failed.details.get("acr_values", "2").rpartition(":")[2]
        return _go(request, f"/login?acr={quote(acr)}&next={quote(_again(request))}")
    return _go(request, f"/login?next={quote(_here(request))}")


async def on_log_in_required(request: Request, error: Exception) -> Response:
    answer = _go(request, f"/login?next={quote(_here(request))}")
    if getattr(request.state, "session_ended", False):
        close_session(request, answer)
    return answer


def _here(request: Request) -> str:
    """The page to come back to; after a refused form, the page that held the form."""
    referer = urlsplit(request.headers.get("referer", "/"))
    url = request.url if request.method == "GET" else referer
    return f"{url.path}?{url.query}" if url.query else url.path


def _again(request: Request) -> str:
    """The same; a form that was on its way is filled in again there, to be sent once more."""
    here = _here(request)
    if request.method == "GET" or "again=1" in here:
        return here
    return f"{here}{'&' if '?' in here else '?'}again=1"


def _go(request: Request, path: str) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


async def on_identity_away(request: Request, error: Exception) -> Response:
    log.warning("identity_away", error=str(cast(IdentityAwayError, error)))
    name = service_name(request, "identity")
    words = text(request, "kit", "problem-unavailable", service=name)
    return problem(request, 503, "problem-unavailable-title", words)


async def on_http_error(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    kinds = {404: "not-found", 403: "denied", 413: "too-large", 429: "busy"}
    kind = kinds.get(status, "not-found" if status < 500 else "internal")
    words = text(request, "kit", f"problem-{kind}")
    return problem(request, status, f"problem-{kind}-title", words)


async def on_fault(request: Request, error: Exception) -> Response:
    log.error("page_fault", path=request.url.path, exc_info=error)
    words = text(request, "kit", "problem-internal")
    return problem(request, 500, "problem-internal-title", words)
