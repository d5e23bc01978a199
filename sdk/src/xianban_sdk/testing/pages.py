"""A site's pages in a small portal of their own, with answers given by hand."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import grpc
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xianban_sdk.web import (
    CallError,
    Hub,
    LogInRequiredError,
    Method,
    Pages,
    Person,
    Site,
    Viewer,
)

with warnings.catch_warnings():
    # Starlette would rather have httpx2; the suite's client is httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["Browser", "FakeCaller", "Reply", "away", "browsing", "portal_of"]

Reply = Callable[[Any], Message] | Message | Exception
_ORIGIN = "http://portal.test"
_REQUEST_ID = "r" * 12


def away(
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE, reason: str = "AWAY", **fields: str
) -> CallError:
    """A refusal; with the default code, of a service that is not there."""
    return CallError(code, reason, "says why", "test", fields)


@dataclass
class FakeCaller:
    """Answers from a table of RPC name → message, function or error; remembers what was asked.

    An RPC without an answer is one of a service that is away; "identity.ListAccesses" is that of
    one domain where several serve the same.
    """

    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    streams: dict[str, list[Message]] = field(default_factory=dict[str, list[Message]])
    asked: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    domains: set[str] = field(default_factory=set[str])
    bearers: list[str] = field(default_factory=list[str])

    async def unary(
        self, request: HTTPConnection, method: Method, message: Message, timeout: float
    ) -> Any:
        self.asked.append((method.rpc, message))
        self.domains.add(method.domain)
        self.bearers.append(getattr(request.state, "bearer", ""))
        own = self.replies.get(f"{method.domain}.{method.rpc}")
        reply = own or self.replies.get(method.rpc) or away()
        if isinstance(reply, Exception):
            raise reply
        return reply(message) if callable(reply) else reply

    async def stream(
        self, request: HTTPConnection, method: Method, message: Message
    ) -> AsyncIterator[Any]:
        self.domains.add(method.domain)
        for item in self.streams.get(method.rpc, []):
            yield item

    def last(self, rpc: str) -> Any:
        """The newest request of an RPC."""
        return next(message for name, message in reversed(self.asked) if name == rpc)

    def was_asked(self, rpc: str) -> bool:
        return any(name == rpc for name, _ in self.asked)


@dataclass
class Browser:
    """A browser before the pages: `as_` says who looks."""

    client: TestClient
    caller: FakeCaller
    state: SimpleNamespace

    def as_(
        self, person: Person | None, *, acting_for: Person | None = None, **more: Any
    ) -> Browser:
        self.state.viewer = replace(
            self.state.viewer, person=person, acting_for=acting_for, csrf="t", **more
        )
        return self

    def get(self, path: str, **headers: str) -> Any:
        return cast(Any, self.client).get(path, headers=headers)

    def post(self, path: str, form: Mapping[str, Any] | None = None, **fields: str) -> Any:
        """Posts a form as the pages write it, with a request id; lists are repeated fields."""
        data = {"request_id": _REQUEST_ID, **(form or {}), **fields}
        return cast(Any, self.client).post(path, data=data)


class _Look:
    """What the portal's middleware does: puts the viewer on the request."""

    def __init__(self, app: ASGIApp, state: SimpleNamespace) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            viewer: Viewer = replace(self._state.viewer, path=scope["path"])
            scope.setdefault("state", {}).update(viewer=viewer, session=None)
        await self._app(scope, receive, send)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CallError)
    return PlainTextResponse(str(error), 503 if error.code.name == "UNAVAILABLE" else 404)


async def _log_in(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/login", 303)


async def _denied(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse("", error.status_code)


def portal_of(site: Site, caller: FakeCaller, state: SimpleNamespace, pages: Pages) -> Starlette:
    """The portal as far as one site's pages need it."""
    app = Starlette(
        routes=list(site.routes),
        middleware=[Middleware(_Look, state=state)],
        exception_handlers={
            CallError: _refused,
            LogInRequiredError: _log_in,
            HTTPException: _denied,
        },
    )
    app.state.caller, app.state.hub = caller, Hub(retry=0.01)
    app.state.pages = pages
    app.state.settings = SimpleNamespace(issuer=_ORIGIN)
    return app


@contextmanager
def browsing(
    site: Site, pages: Pages, replies: Mapping[str, Reply], viewer: Viewer | None = None
) -> Iterator[Browser]:
    """`pages` is `Pages([site], strict=True)`, made once: then a missing text raises."""
    caller, state = FakeCaller(dict(replies)), SimpleNamespace(viewer=viewer or Viewer())
    app = portal_of(site, caller, state, pages)
    with TestClient(app, base_url=_ORIGIN, follow_redirects=False) as client:
        yield Browser(client, caller, state)
