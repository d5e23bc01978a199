"""Calls from a page to a service.

    parking = api(ParkingServiceStub)                       # once, at module level

    lots = await call(request, parking.ListLots, ListLotsRequest(page_size=20))
    async for change in watch(request, parking.WatchLots, WatchLotsRequest()): …

The portal supplies the `Caller` that exchanges the token, sets deadline, language and trace,
and turns refusals into `CallError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar, cast

import grpc
from google.protobuf.message import Message
from starlette.requests import HTTPConnection

Asked = TypeVar("Asked", bound=Message)
Answer = TypeVar("Answer", bound=Message)
StubT = TypeVar("StubT")

DEFAULT_TIMEOUT = 5.0


@dataclass
class CallError(Exception):
    """A refused or failed call: what a page needs to say so.

    `reason` is the service's UPPER_SNAKE reason, `message` its text in the viewer's language,
    `fields` the texts per request field, `service` the domain that was asked.
    """

    code: grpc.StatusCode
    reason: str
    message: str
    service: str
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    details: Mapping[str, str] = field(default_factory=dict[str, str])

    def renamed(self, *prefixes: str, names: Mapping[str, str] | None = None) -> CallError:
        """The same with a form's fields: "visit.tasks[0].text" is "tasks" without "visit.".

        `names` says what is called otherwise on the form, with or without prefix; "": the form
        has no such field, and the message alone is shown.
        """
        known = names or {}
        found = {_on_the_form(name, prefixes, known): words for name, words in self.fields.items()}
        return replace(self, fields={name: words for name, words in found.items() if name})

    def __str__(self) -> str:
        return f"{self.service}: {self.code.name} {self.reason} {self.message}"


def _on_the_form(name: str, prefixes: Sequence[str], names: Mapping[str, str]) -> str:
    own = name.partition("[")[0]
    if own in names:
        return names[own]
    for prefix in prefixes:
        own = own.removeprefix(prefix)
    return names.get(own, own)


@dataclass(frozen=True)
class Method:
    """One RPC of a service, without a channel."""

    path: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    streaming: bool = False
    # Who is asked where the path does not say it: several domains serve AlertService.
    served_by: str = ""

    @property
    def domain(self) -> str:
        """ "parking" of "/xianban.parking.v1.ParkingService/ListLots"."""
        return self.served_by or self.path.split(".")[1]

    @property
    def service(self) -> str:
        return self.path.split("/")[1]

    @property
    def rpc(self) -> str:
        return self.path.split("/")[2]


class _Recorder:
    """Stands where a stub expects its channel and keeps what the stub tells it."""

    def __init__(self, served_by: str) -> None:
        self._served_by = served_by

    def unary_unary(self, path: str, **codec: Any) -> Method:
        return self._method(path, codec, streaming=False)

    def unary_stream(self, path: str, **codec: Any) -> Method:
        return self._method(path, codec, streaming=True)

    def stream_unary(self, path: str, **codec: Any) -> Method:
        return self.unary_stream(path, **codec)

    def _method(self, path: str, codec: Mapping[str, Any], *, streaming: bool) -> Method:
        encode, decode = codec["request_serializer"], codec["response_deserializer"]
        return Method(path, encode, decode, streaming, self._served_by)

    stream_stream = stream_unary


def api(stub: Callable[[Any], StubT], *, served_by: str = "") -> StubT:
    """A typed list of a service's RPCs for `call` and `watch`.

    `served_by` is the domain asked where several serve the same: AlertService.
    """
    return stub(_Recorder(served_by))


class Caller(Protocol):
    """What the portal plugs in (a fake one in tests)."""

    async def unary(
        self, request: HTTPConnection, method: Method, message: Message, timeout: float
    ) -> Any: ...

    def stream(
        self, request: HTTPConnection, method: Method, message: Message
    ) -> AsyncIterator[Any]: ...


async def call(
    request: HTTPConnection,
    method: grpc.UnaryUnaryMultiCallable[Asked, Answer],
    message: Asked,
    *,
    timeout: float = DEFAULT_TIMEOUT,
) -> Answer:
    """Calls a unary RPC as the person who is logged in; raises `CallError`."""
    caller: Caller = request.app.state.caller
    answer = await caller.unary(request, cast(Method, method), message, timeout)
    return cast(Answer, answer)


def watch(
    request: HTTPConnection,
    method: grpc.UnaryStreamMultiCallable[Asked, Answer],
    message: Asked,
) -> AsyncIterator[Answer]:
    """Follows a server stream; wrap it in `live` so that browsers share one subscription."""
    caller: Caller = request.app.state.caller
    return caller.stream(request, cast(Method, method), message)
