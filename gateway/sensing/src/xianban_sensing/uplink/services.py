"""The services that take readings and events."""

from __future__ import annotations

from typing import Final

import grpc
from xianban.common.v1 import readings_pb2
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban_sdk import telemetry
from xianban_sdk.errors import XianbanError
from xianban_sdk.rpc.clients import Clients
from xianban_sdk.telemetry import log

__all__ = ["AWAY", "Services"]

# A request that fails so is kept and tried again; any other failure is the request's own.
AWAY: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.CANCELLED,
    }
)
_BATCH_SECONDS: Final = 10.0
_EVENT_SECONDS: Final = 3.0


class Services:
    """Hands requests on; tells whether a service has them now."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._stubs: dict[str, IngestServiceStub] = {}

    def batch(self, domain: str, request: readings_pb2.IngestBatchRequest) -> bool:
        """False: the service is away, keep the request. A refused one is said and given up."""
        try:
            answer = self._stub(domain).IngestBatch(request, timeout=_BATCH_SECONDS)
        except (grpc.RpcError, XianbanError) as error:
            return not _away(error, "batch_refused", domain)
        for rejection in answer.rejections:
            device = request.readings[rejection.index].device
            log.warning(
                "reading_rejected", device=device, field=rejection.field, reason=rejection.reason
            )
        return True

    def event(self, domain: str, event: readings_pb2.DeviceEvent, traceparent: str) -> str | None:
        """What the wearer may be told; None: the service is away."""
        request = readings_pb2.ReportDeviceEventRequest(event=event)
        try:
            with telemetry.remote(traceparent), telemetry.span("device event"):
                answer = self._stub(domain).ReportDeviceEvent(request, timeout=_EVENT_SECONDS)
        except (grpc.RpcError, XianbanError) as error:
            return None if _away(error, "event_refused", domain) else "refused"
        return answer.feedback

    def _stub(self, domain: str) -> IngestServiceStub:
        if domain not in self._stubs:
            self._stubs[domain] = self._clients.stub(IngestServiceStub, service=domain)
        return self._stubs[domain]


def _away(error: Exception, said: str, domain: str) -> bool:
    code = error.code() if isinstance(error, grpc.RpcError) else None
    if code is None or code in AWAY:
        return True
    log.error(said, domain=domain, code=code.name, error=repr(error)[:300])
    return False
