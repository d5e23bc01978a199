"""The uplink's copy of the registry: who speaks for whom, in which dialect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import grpc
from xianban.sensing.v1 import devices_pb2 as pb
from xianban.sensing.v1.devices_pb2_grpc import UplinkServiceStub
from xianban_sdk.errors import XianbanError
from xianban_sdk.telemetry import log

__all__ = ["Bindings"]

_LOOK_SECONDS: Final = 0.5
_PAGE: Final = 5000


class Bindings:
    """Follows the registry by sequence; complete once it has caught up for the first time."""

    def __init__(self, registry: UplinkServiceStub, changed: Callable[[], None]) -> None:
        self._registry = registry
        self._changed = changed
        self._known: dict[str, pb.Binding] = {}
        self._sequence = 0
        self.complete = threading.Event()

    def of(self, device: str) -> pb.Binding | None:
        """A device that may speak, and for whom; None for any other."""
        found = self._known.get(device)
        return found if found is not None and found.active and found.subject else None

    def all(self) -> list[pb.Binding]:
        """Every device, as the broker's files need them."""
        return list(self._known.values())

    def run(self, stop: threading.Event) -> None:
        """Looks for changes until told to stop; survives the registry's absence."""
        while not stop.is_set():
            try:
                self.follow()
            except (grpc.RpcError, XianbanError) as error:
                log.warning("registry_away", error=repr(error)[:200])
                stop.wait(_LOOK_SECONDS)
            stop.wait(_LOOK_SECONDS)

    def follow(self) -> None:
        """Reads what changed since the last look."""
        before = self._sequence
        while True:
            asked = pb.ListBindingsRequest(after_sequence=self._sequence, page_size=_PAGE)
            page = self._registry.ListBindings(asked)
            for binding in page.bindings:
                self._known[binding.device] = binding
                self._sequence = binding.sequence
            if page.complete:
                break
        if self._sequence != before or not self.complete.is_set():
            self._changed()
        self.complete.set()
