"""Health on a plain port of its own: a kubelet's gRPC probe speaks no TLS and shows no certificate.

Nothing but ``grpc.health.v1.Health/Check`` is served there: "" says whether calls may be sent here,
"live" that the process lives, whatever its database does.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2

from xianban_sdk.settings import Settings

__all__ = ["LIVE", "open_probe", "probe_handler"]

LIVE: Final = "live"
_UP: Final = health_pb2.HealthCheckResponse.SERVING
_DOWN: Final = health_pb2.HealthCheckResponse.NOT_SERVING


def open_probe(settings: Settings, serving: Callable[[], bool]) -> grpc.Server | None:
    """A running server at XIANBAN_PROBE; None without an address."""
    if not settings.probe:
        return None
    pool = ThreadPoolExecutor(2, thread_name_prefix="probe")
    server = grpc.server(pool, handlers=[probe_handler(serving)], maximum_concurrent_rpcs=8)
    server.add_insecure_port(settings.probe)
    server.start()
    return server


def probe_handler(serving: Callable[[], bool]) -> grpc.GenericRpcHandler:
    """The one method, for a server of another style."""

    def check(request: Any, context: grpc.ServicerContext) -> health_pb2.HealthCheckResponse:
        if request.service == LIVE:
            return health_pb2.HealthCheckResponse(status=_UP)
        if request.service:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return health_pb2.HealthCheckResponse(status=_UP if serving() else _DOWN)

    method = grpc.unary_unary_rpc_method_handler(
        check,
        request_deserializer=health_pb2.HealthCheckRequest.FromString,
        response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
    )
    name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
    return grpc.method_handlers_generic_handler(name, {"Check": method})
