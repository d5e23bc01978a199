"""What happens to every request before a page sees it: who visits, may this form be posted, and
which headers the answer carries. Plain ASGI, so that live streams pass through unbuffered.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from xianban_sdk import telemetry
from xianban_sdk.http_traced import METHODS
from xianban_sdk.instruments import HTTP_SERVER
from xianban_sdk.web import Person, Viewer
from xianban_sdk.web.viewer import preferences

from xianban_portal.sessions import Session, Sessions

MAX_BODY = 1024 * 1024
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Refuse = Callable[[Request, int, str], Awaitable[ASGIApp]]


class BodyTooLargeError(Exception):
    """More was posted than a form may hold."""


def cookie_name(issuer: str) -> str:
    """Bound to this host alone where there is TLS."""
    return "__Host-xianban_session" if issuer.startswith("https://") else "xianban_session"


def content_policy(tiles: str = "") -> str:
    """Nothing from elsewhere, nothing inline; map tiles only from a configured origin."""
    images = "'self' data:" + (f" {_origin(tiles)}" if tiles else "")
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".replace("{s}", "*")


class Visit:
    """The middleware."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        issuer: str,
        machine_paths: tuple[str, ...],
        refuse: Refuse,
        tiles: str = "",
        sites: Collection[str] = (),
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._issuer = issuer
        self._cookie = cookie_name(issuer)
        self._machine_paths = machine_paths
        self._refuse = refuse
        self._policy = content_policy(tiles)
        self._sites = frozenset(sites)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with (
            telemetry.remote(headers.get("traceparent"), headers.get("tracestate", "")),
            telemetry.span(
                f"{scope['method']} portal", kind=telemetry.SERVER, path=scope["path"]
            ) as span,
        ):
            await self._visit(scope, receive, self._guarded(scope, send, span))

    async def _visit(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        session = self._sessions.find(request.cookies.get(self._cookie, ""))
        _remember(scope, session, _viewer(request, session))
        try:
            receive = await self._checked(request, receive, session)
        except BodyTooLargeError:
            answer = await self._refuse(request, 413, "problem-too-large")
        except PermissionError:
            answer = await self._refuse(request, 403, "problem-form")
        else:
            answer = self._app
        await answer(scope, receive, send)

    async def _checked(
        self, request: Request, receive: Receive, session: Session | None
    ) -> Receive:
        """Refuses forms that another site, or nobody's session, made the browser send."""
        path = request.url.path
        if request.method in SAFE or path.startswith(self._machine_paths):
            return receive
        if not _same_site(request.headers, self._issuer):
            raise PermissionError
        body = await _body(receive)
        if session is not None:
            sent = request.headers.get("x-csrf-token") or await _form_token(request, body)
            if not secrets.compare_digest(sent.encode(), session.csrf.encode()):
                raise PermissionError
        return _replay(body, receive)

    def _guarded(self, scope: Scope, send: Send, span: telemetry.ActiveSpan) -> Send:
        started = time.perf_counter()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set("status", message["status"])
                self._measured(scope, message["status"], time.perf_counter() - started)
                self._head(MutableHeaders(scope=message))
            await send(message)

        return guarded

    def _measured(self, scope: Scope, status: int, seconds: float) -> None:
        # Until the answer begins: a live page's answer goes on for hours.
        first = scope["path"].lstrip("/").partition("/")[0]
        labels = {
            "http.request.method": scope["method"] if scope["method"] in METHODS else "_OTHER",
            "http.response.status_code": status,
            "xianban.site": first if first in self._sites else "portal",
        }
        HTTP_SERVER.record(seconds, labels)

    def _head(self, headers: MutableHeaders) -> None:
        headers.setdefault("content-security-policy", self._policy)
        headers.setdefault("x-content-type-options", "nosniff")
        headers.setdefault("referrer-policy", "same-origin")
        headers.setdefault("permissions-policy", "camera=(), microphone=(), geolocation=(self)")
        headers.setdefault("cross-origin-opener-policy", "same-origin")
        headers.setdefault("cache-control", "no-store")


def _remember(scope: MutableMapping[str, Any], session: Session | None, viewer: Viewer) -> None:
    """HOUSE's names for what a page may ask of its request."""
    state = scope.setdefault("state", {})
    acting = viewer.acting_for.id if viewer.acting_for else None
    state.update(session=session, viewer=viewer, person=viewer.person, acting_for=acting)
    state.update(locale=viewer.locale, profile=viewer.profile)


def _viewer(request: Request, session: Session | None) -> Viewer:
    viewer = preferences(request)
    if session is None:
        return viewer
    person = Person(session.person, session.name, frozenset(session.roles))
    acting = Person(session.acting_for, session.acting_name) if session.acting_for else None
    return replace(viewer, person=person, acting_for=acting, csrf=session.csrf)


def _same_site(headers: Headers, issuer: str) -> bool:
    fetched = headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin == issuer.rstrip("/")


async def _body(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise BodyTooLargeError
    return body


async def _form_token(request: Request, body: bytes) -> str:
    copy = Request(request.scope, _replay(body, request.receive))
    form = await copy.form(max_files=0, max_fields=200)
    token = form.get("csrf")
    return token if isinstance(token, str) else ""


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more for the page, then whatever the connection says."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
