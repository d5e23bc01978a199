"""The elder care pages in a small portal of their own, with answers given by hand."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable
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
from xianban_eldercare.web import site
from xianban_sdk.demo import person_id
from xianban_sdk.web import CallError, Hub, LogInRequiredError, Method, Pages, Person, Viewer

with warnings.catch_warnings():
    # Starlette would rather have httpx2; the suite's client is httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ELDER = Person(person_id("elder"), "张桂芳")
DAUGHTER = Person(person_id("daughter"), "李晓梅")
DISPATCHER = Person(person_id("dispatcher"), "赵勇", frozenset({"dispatcher"}))
MANAGER = Person(person_id("admin"), "许站长", frozenset({"station-manager"}))

Reply = Callable[[Any], Message] | Message | Exception


def away(code: Any = grpc.StatusCode.UNAVAILABLE, reason: str = "AWAY", **fields: str) -> CallError:
    return CallError(code, reason, "says why", "eldercare", fields)


@dataclass
class FakeCaller:
    """Answers from a table of RPC name → message, function or error; remembers what was asked."""

    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    streams: dict[str, list[Message]] = field(default_factory=dict[str, list[Message]])
    asked: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    domains: set[str] = field(default_factory=set[str])

    async def unary(
        self, request: HTTPConnection, method: Method, message: Message, timeout: float
    ) -> Any:
        self.asked.append((method.rpc, message))
        self.domains.add(method.domain)
        reply = self.replies.get(method.rpc, away())
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
class Web:
    """A browser before the pages: `viewer` is who looks."""

    client: TestClient
    caller: FakeCaller
    state: SimpleNamespace

    def as_(self, person: Person | None, *, acting_for: Person | None = None, **more: Any) -> Web:
        self.state.viewer = replace(
            self.state.viewer, person=person, acting_for=acting_for, csrf="t", **more
        )
        return self

    def get(self, path: str) -> Any:
        return cast(Any, self.client).get(path)

    def post(self, path: str, form: dict[str, Any] | None = None) -> Any:
        return cast(Any, self.client).post(path, data={"request_id": "r" * 12} | (form or {}))


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


def make_app(caller: FakeCaller, state: SimpleNamespace, pages: Pages) -> Starlette:
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
    return app


def browse(caller: FakeCaller, state: SimpleNamespace, pages: Pages) -> TestClient:
    """Must be entered: `with browse(…) as client`."""
    app = make_app(caller, state, pages)
    return TestClient(app, base_url="http://portal.test", follow_redirects=False)
