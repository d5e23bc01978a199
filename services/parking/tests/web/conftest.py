"""The parking pages in a small portal of their own, with answers given by hand."""

from __future__ import annotations

import sys
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from xianban_parking.web import site
from xianban_sdk.demo import person_id
from xianban_sdk.web import CallError, Hub, LogInRequiredError, Method, Pages, Person, Viewer

with warnings.catch_warnings():
    # Starlette would rather have httpx2; the suite's client is httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

# Test modules are imported by path; what they share is found by name.
sys.path.insert(0, str(Path(__file__).parent))

RESIDENT = Person(person_id("resident"), "张伟")
ELDER = Person(person_id("elder"), "李奶奶")
OPERATOR = Person(person_id("operator"), "陈经理", frozenset({"parking-operator"}))
AUDITOR = Person(person_id("auditor"), "审计员", frozenset({"auditor"}))

Reply = Callable[[Any], Message] | Message | Exception


@dataclass
class FakeCaller:
    """Answers from a table of RPC name → message, function or error; remembers what was asked."""

    replies: dict[str, Reply] = field(default_factory=dict)
    streams: dict[str, list[Message]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)

    async def unary(
        self, request: HTTPConnection, method: Method, message: Message, timeout: float
    ) -> Any:
        self.asked.append((method.rpc, message))
        self.bearers.append(getattr(request.state, "bearer", ""))
        reply = self.replies.get(method.rpc)
        if reply is None:
            raise CallError(grpc.StatusCode.UNAVAILABLE, "AWAY", "away", method.domain)
        if isinstance(reply, Exception):
            raise reply
        return reply(message) if callable(reply) else reply

    async def stream(
        self, request: HTTPConnection, method: Method, message: Message
    ) -> AsyncIterator[Any]:
        for item in self.streams.get(method.rpc, []):
            yield item

    def last(self, rpc: str) -> Any:
        """The newest request of an RPC."""
        return next(message for name, message in reversed(self.asked) if name == rpc)


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

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **form: str) -> Any:
        return self.client.post(path, data=form)


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
    app.state.settings = SimpleNamespace(issuer="http://portal.test")
    return app


@pytest.fixture(scope="session")
def pages() -> Pages:
    """Texts and templates are read once; a missing text raises."""
    return Pages([site], strict=True)


@pytest.fixture
def web(pages: Pages) -> Iterator[Web]:
    from parking_samples import replies

    caller, state = FakeCaller(replies()), SimpleNamespace(viewer=Viewer())
    app = make_app(caller, state, pages)
    with TestClient(app, base_url="http://portal.test", follow_redirects=False) as client:
        yield Web(client, caller, state)
