"""Calls any RPC of a running service with raw bytes, and reads what comes back as strangers do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from xianban_sdk.rpc import Method
from xianban_sdk.testing import ServiceUnderTest

UNARY_SECONDS = 30.0
STREAM_SECONDS = 30.0
# A stream that is still open this long after its headers was let in.
QUIET_SECONDS = 0.3
OK = "OK"


@dataclass(frozen=True)
class Answer:
    """How a call ended."""

    code: str
    status: status_pb2.Status
    first: bytes = b""

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        return self._detail(error_details_pb2.ErrorInfo())

    @property
    def reason(self) -> str:
        return self.info.reason

    @property
    def text(self) -> error_details_pb2.LocalizedMessage:
        return self._detail(error_details_pb2.LocalizedMessage())

    def _detail(self, wanted: Any) -> Any:
        for detail in self.status.details:
            if detail.Unpack(wanted):
                break
        return wanted


def methods(service: ServiceUnderTest) -> list[Method]:
    """Every RPC that the service offers, whatever it is."""
    return sorted(service.service.chain.methods.values(), key=lambda method: method.path)


class Wire:
    """One channel per lane to one service."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service
        self._channels: dict[str, grpc.Channel] = {}

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()

    def call(
        self,
        method: Method,
        request: bytes | Message,
        person: str = "",
        *,
        token: str = "",
        workload: str = "",
        locale: str = "en",
        **claims: Any,
    ) -> Answer:
        """Calls as a demo person or id, with any token, as a workload, or as nobody."""
        raw = request if isinstance(request, bytes) else request.SerializeToString()
        if person:
            token = self.service.token(person, **claims)
        pairs = [("accept-language", locale)]
        if token:
            pairs.append(("authorization", f"Bearer {token}"))
        if workload:
            issued = self.service.issuer.workload(workload, self.service.app.name)
            pairs.append(("x-xianban-workload", issued))
        return self._ended(method, raw, pairs)

    def _ended(self, method: Method, raw: bytes, pairs: list[tuple[str, str]]) -> Answer:
        try:
            first = next(self._responses(method, raw, pairs), b"")
        except grpc.RpcError as error:
            return _answer(error)
        return Answer(OK, status_pb2.Status(), first)

    def _responses(
        self, method: Method, raw: bytes, pairs: list[tuple[str, str]]
    ) -> Iterator[bytes]:
        channel = self._channel(method.lane)
        sent: Any = iter([raw]) if method.client_streaming else raw
        kind = "stream" if method.client_streaming else "unary"
        if not method.server_streaming:
            callable_ = getattr(channel, f"{kind}_unary")(method.path)
            yield callable_(sent, metadata=pairs, timeout=UNARY_SECONDS)
            return
        opened = getattr(channel, f"{kind}_stream")(method.path)
        responses = opened(sent, metadata=pairs, timeout=STREAM_SECONDS)
        if not _let_in(responses):
            yield next(responses)
        responses.cancel()

    def _channel(self, lane: str) -> grpc.Channel:
        if lane not in self._channels:
            self._channels[lane] = self.service.channel(lane)
        return self._channels[lane]


def _let_in(responses: Any) -> bool:
    """Headers came and no refusal on their heels; the stream itself may have nothing to say yet."""
    responses.initial_metadata()
    end = time.monotonic() + QUIET_SECONDS
    while responses.is_active() and time.monotonic() < end:
        time.sleep(0.01)
    return responses.is_active()


def _answer(error: Any) -> Answer:
    return Answer(error.code().name, rpc_status.from_call(error) or status_pb2.Status())
