"""One message of a device on its way to the services."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import orjson

__all__ = ["Letter"]


@dataclass(slots=True)
class Letter:
    """A message; acknowledged to the broker when every part of it is safe."""

    device: str
    payload: bytes
    received_at: datetime
    acknowledge: Callable[[], None]
    traceparent: str = ""
    _waiting: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kept(self) -> bytes:
        """As it is written down to be read later."""
        at, payload = self.received_at.isoformat(), base64.b64encode(self.payload).decode()
        return orjson.dumps([self.device, at, payload, self.traceparent])

    @classmethod
    def of(cls, kept: bytes) -> Letter:
        """What `kept` wrote; the broker knows already that it is safe."""
        device, at, payload, traceparent = orjson.loads(kept)
        received = datetime.fromisoformat(at)
        return cls(device, base64.b64decode(payload), received, lambda: None, traceparent)

    def split(self, parts: int) -> None:
        """Into so many parts, each to be settled on its own; none: it is over at once."""
        self._waiting = parts
        if parts == 0:
            self.acknowledge()

    def settled(self) -> None:
        """One part is safe."""
        with self._lock:
            self._waiting -= 1
            last = self._waiting == 0
        if last:
            self.acknowledge()
