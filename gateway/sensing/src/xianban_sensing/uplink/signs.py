"""Signs of life, told to the registry now and then: it need not know each second."""

from __future__ import annotations

import threading
from typing import Final

import grpc
from xianban.sensing.v1 import devices_pb2 as pb
from xianban.sensing.v1.devices_pb2_grpc import UplinkServiceStub
from xianban_sdk.errors import XianbanError
from xianban_sdk.telemetry import log

__all__ = ["Signs"]

_TELL_SECONDS: Final = 10.0
_MOST: Final = 5000


class Signs:
    """The newest sign of each device since the registry was told last."""

    def __init__(self, registry: UplinkServiceStub) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._newest: dict[str, tuple[float, float]] = {}

    def seen(self, device: str, at: float, ahead: float) -> None:
        with self._lock:
            self._newest[device] = (at, ahead)

    def run(self, stop: threading.Event) -> None:
        """Tells until told to stop; what the registry did not hear is told with the next."""
        while not stop.wait(_TELL_SECONDS):
            self.tell()

    def tell(self) -> None:
        with self._lock:
            some = [(device, self._newest.pop(device)) for device in list(self._newest)[:_MOST]]
        if not some:
            return
        request = pb.ReportSeenRequest()
        for device, (at, ahead) in some:
            sign = request.seen.add(device=device, clock_offset_s=ahead)
            sign.seen_time.FromMicroseconds(int(at * 1_000_000))
        try:
            self._registry.ReportSeen(request)
        except (grpc.RpcError, XianbanError) as error:
            log.debug("registry_away", error=repr(error)[:200])
            with self._lock:
                self._newest = dict(some) | self._newest
