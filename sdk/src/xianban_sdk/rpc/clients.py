"""Calls to other services: deadline shrunk per hop, trace, workload and person token, retries."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from xianban.common.v1 import options_pb2

from xianban_sdk import telemetry
from xianban_sdk.deadline import hop_timeout
from xianban_sdk.identity.workload import WorkloadIdentity
from xianban_sdk.inside import certificates, pick_channel
from xianban_sdk.rpc.calling import calling
from xianban_sdk.rpc.chain import current_locale
from xianban_sdk.settings import Settings

__all__ = ["Clients", "channel", "service_config"]

Stub = TypeVar("Stub")
Metadata = list[tuple[str, str | bytes]]

_CONNECT_MS: Final = 5000
_RETRY: Final = {
    "maxAttempts": 3,
    "initialBackoff": "0.05s",
    "maxBackoff": "0.5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def service_config(service: str) -> str:
    """Retries for the methods of a proto service that may be sent twice."""
    descriptor: ServiceDescriptor = descriptor_pool.Default().FindServiceByName(service)
    names = [{"service": service, "method": m.name} for m in descriptor.methods if _repeatable(m)]
    methods = [{"name": names, "retryPolicy": _RETRY}] if names else []
    return json.dumps({"methodConfig": methods})


def _repeatable(method: MethodDescriptor) -> bool:
    """Reads, and mutations that carry a request id: the second one gets the first's answer."""
    reads = method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    return reads or "request_id" in method.input_type.fields_by_name


def channel(target: str, service: str = "", *, process: str, settings: Settings) -> grpc.Channel:
    """To a process's server; reconnects quickly: a restarted service is back within seconds."""
    options: list[tuple[str, Any]] = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # In gRPC core this is how long a connection may take, greeting included: a busy machine
        # needs more than the first pause between two attempts.
        ("grpc.min_reconnect_backoff_ms", _CONNECT_MS),
    ]
    if service:
        options.append(("grpc.service_config", service_config(service)))
    if not target.startswith("unix:"):
        # A name may stand for several replicas: each gets its share.
        options.append(("grpc.lb_policy_name", "round_robin"))
    return pick_channel(target, process, settings, options)


class Clients:
    """Stubs for other services. One per process; channels are shared and lazily opened."""

    def __init__(self, settings: Settings, workload: WorkloadIdentity | None = None) -> None:
        self._settings = settings
        self._workload = workload
        self._channels: dict[tuple[str, str, int], grpc.Channel] = {}
        self._lock = threading.Lock()

    def stub(
        self,
        stub: Callable[[grpc.Channel], Stub],
        *,
        service: str = "",
        token: str | None = None,
        extra: tuple[tuple[str, str], ...] = (),
    ) -> Stub:
        """A stub whose calls go to ``service`` (default: the domain in the proto's package).

        ``token`` is the person's token for that service, ``extra`` is further metadata.
        """
        person = (("authorization", f"Bearer {token}"),) if token else ()
        return stub(_Outgoing(self, service, (*person, *extra)))

    def open(self, service: str, lane: str, proto_service: str) -> grpc.Channel:
        """The channel to a service's server of a lane."""
        target = self._settings.address(service, lane)
        known = certificates(target, self._settings)
        with self._lock:
            # After new certificates, a new channel; the old one's calls and streams run on.
            key = (target, proto_service, known.current() if known else 0)
            found = self._channels.get(key)
            if found is None:
                found = channel(target, proto_service, process=service, settings=self._settings)
                self._channels[key] = found
            return found

    def metadata(self, service: str) -> Metadata:
        """What every outgoing call carries: trace, language and who we are."""
        pairs: Metadata = []
        context = telemetry.current()
        if context is not None:
            pairs.append(("traceparent", context.traceparent))
            if context.tracestate:
                pairs.append(("tracestate", context.tracestate))
        locale = current_locale.get()
        if locale is not None:
            pairs.append(("accept-language", locale))
        if self._workload is not None:
            pairs.append(("x-xianban-workload", self._workload.token(service)))
        return pairs

    def timeout(self, asked: float | None) -> float:
        """The call's time: never beyond the call we are serving."""
        return hop_timeout(self._settings.deadline, asked)

    def close(self) -> None:
        """Closes every channel."""
        with self._lock:
            for opened in self._channels.values():
                opened.close()
            self._channels.clear()


class _Outgoing(grpc.Channel):
    """What a generated stub is given: picks the server of each method and adds the context."""

    def __init__(self, clients: Clients, service: str, extra: tuple[tuple[str, str], ...]) -> None:
        self._clients = clients
        self._service = service
        self._extra = extra

    def unary_unary(self, method: str, *args: Any, **options: Any) -> Any:
        return self._callable("unary_unary", method, *args, **options)

    def unary_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return self._callable("unary_stream", method, *args, **options)

    def stream_unary(self, method: str, *args: Any, **options: Any) -> Any:
        return self._callable("stream_unary", method, *args, **options)

    def stream_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return self._callable("stream_stream", method, *args, **options)

    def _callable(self, kind: str, method: str, *args: Any, **options: Any) -> _Callable:
        proto_service, name = method[1:].split("/")
        service = self._service or proto_service.split(".")[1]
        lane = _lane(proto_service, name)

        def connect() -> Any:
            opened = self._clients.open(service, lane, proto_service)
            return getattr(opened, kind)(method, *args, **options)

        return _Callable(
            connect,
            lambda: [*self._clients.metadata(service), *self._extra],
            # A stream lives until somebody ends it; a deadline would be an end nobody chose.
            (lambda asked: asked) if kind.endswith("_stream") else self._clients.timeout,
            method[1:],
            # What comes back of a stream at once is only its iterator.
            nullcontext if kind.endswith("_stream") else calling,
        )

    def subscribe(self, callback: Any, try_to_connect: bool = False) -> None:
        raise NotImplementedError("one stub speaks to several servers; watch their health instead")

    def unsubscribe(self, callback: Any) -> None:
        raise NotImplementedError("one stub speaks to several servers; watch their health instead")

    def close(self) -> None:
        """Channels are shared: Clients.close() ends them."""

    def __enter__(self) -> _Outgoing:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class _Callable:
    """One method of a stub."""

    def __init__(
        self,
        connect: Callable[[], Any],
        metadata: Callable[[], Metadata],
        timeout: Callable[[float | None], float | None],
        name: str,
        measured: Callable[[str], AbstractContextManager[Any]],
    ) -> None:
        self._connect = connect
        self._measured = measured
        self._metadata = metadata
        self._timeout = timeout
        self._name = name

    def __call__(
        self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        with telemetry.span(self._name, kind=telemetry.CLIENT), self._measured(self._name):
            return self._invoke("__call__", request, timeout, metadata, options)

    def with_call(
        self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        """Response and call."""
        with telemetry.span(self._name, kind=telemetry.CLIENT), self._measured(self._name):
            return self._invoke("with_call", request, timeout, metadata, options)

    def future(
        self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        """The call under way."""
        return self._invoke("future", request, timeout, metadata, options)

    def _invoke(
        self, how: str, request: Any, timeout: float | None, metadata: Any, options: dict[str, Any]
    ) -> Any:
        pairs = [*self._metadata(), *(metadata or ())]
        method = getattr(self._connect(), how)
        return method(request, timeout=self._timeout(timeout), metadata=pairs, **options)


def _lane(proto_service: str, name: str) -> str:
    method = descriptor_pool.Default().FindServiceByName(proto_service).methods_by_name[name]
    if method.GetOptions().Extensions[options_pb2.access].safety:
        return "safety"
    return "streams" if method.server_streaming else ""
