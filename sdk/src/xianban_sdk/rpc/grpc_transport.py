"""Carries the call chain over grpcio's thread-pool server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

import grpc
from grpc_status import rpc_status

from xianban_sdk.inside import Certificates, is_workload
from xianban_sdk.rpc.chain import Chain, Failed, Incoming
from xianban_sdk.rpc.methods import Method
from xianban_sdk.rpc.pool import Pool

__all__ = ["MAX_MESSAGE_BYTES", "handlers", "server"]

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
_NO_DEADLINE: Final = 1e9
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 32 * 1024),
    # A Unix socket has one owner; two servers on it would each get some of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
)


def server(
    address: str,
    pool: Pool,
    generic: Iterable[grpc.GenericRpcHandler],
    *,
    limit: int | None,
    known: Certificates | None = None,
) -> grpc.Server:
    """A server on an address, with a small pool of its own; more than ``limit`` calls are shed.

    With certificates it speaks to those alone who show one of the same CA.
    """
    made = grpc.server(
        pool, handlers=list(generic), options=_OPTIONS, maximum_concurrent_rpcs=limit
    )
    if known is None:
        made.add_insecure_port(address)
    else:
        made.add_secure_port(address, known.server())
    return made


def handlers(chain: Chain, lane: str) -> list[grpc.GenericRpcHandler]:
    """The chain's methods of one lane, by proto service."""
    services: dict[str, dict[str, Any]] = {}
    for method in chain.methods.values():
        if method.lane == lane:
            service, name = method.path[1:].split("/")
            services.setdefault(service, {})[name] = _handler(chain, method)
    return [grpc.method_handlers_generic_handler(name, m) for name, m in services.items()]


def _handler(
    chain: Chain, method: Method
) -> Any:  # grpc.RpcMethodHandler is generic in the stubs alone
    # No (de)serialisers are given to grpc: the chain decodes, so that malformed bytes are an
    # INVALID_ARGUMENT of ours and not an UNKNOWN of grpc's.
    kind = (method.client_streaming, method.server_streaming)
    if kind == (False, False):
        return cast(Any, grpc.unary_unary_rpc_method_handler(_one(chain.unary, method.path)))
    if kind == (True, False):
        return cast(
            Any, grpc.stream_unary_rpc_method_handler(_one(chain.client_stream, method.path))
        )
    if kind == (False, True):
        return cast(
            Any, grpc.unary_stream_rpc_method_handler(_many(chain.server_stream, method.path))
        )
    return cast(Any, grpc.stream_stream_rpc_method_handler(_many(chain.bidi_stream, method.path)))


def _one(serve: Callable[..., Any], path: str) -> Callable[[Any, grpc.ServicerContext], bytes]:
    def handle(request: Any, context: grpc.ServicerContext) -> bytes:
        try:
            return serve(path, request, _incoming(context)).SerializeToString()
        except Failed as failed:
            context.abort_with_status(rpc_status.to_status(failed.status))
            raise

    return handle


def _many(
    serve: Callable[..., Any], path: str
) -> Callable[[Any, grpc.ServicerContext], Iterator[bytes]]:
    def handle(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        incoming = _incoming(context)
        incoming.cancel = context.cancel
        incoming.on_gone = lambda gone: context.add_callback(gone) or gone()
        # Clients of a quiet stream (SSE in browsers) see its headers at once.
        incoming.on_admitted = lambda: context.send_initial_metadata(())
        try:
            for response in serve(path, request, incoming):
                yield response.SerializeToString()
        except Failed as failed:
            context.abort_with_status(rpc_status.to_status(failed.status))

    return handle


def _incoming(context: grpc.ServicerContext) -> Incoming:
    if not is_workload(context.auth_context()):
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "no certificate of a process of the suite")
    remaining = context.time_remaining()
    # grpc tells "no deadline" as some three hundred million years.
    timeout = None if remaining > _NO_DEADLINE else remaining
    metadata = dict(context.invocation_metadata())
    return Incoming(metadata, timeout, is_abandoned=lambda: not context.is_active())
