"""A device in the registry 设备台账. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

__all__ = ["Device", "DeviceRefusedError", "State"]


class State(Enum):
    """Whether a device may speak."""

    ACTIVE = "active"
    DISABLED = "disabled"
    RETIRED = "retired"


class DeviceRefusedError(ValueError):
    """The registry does not allow it; `reason` is UPPER_SNAKE."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Device:
    """One device, and what it speaks for."""

    id: str
    model: str
    display_name: str
    organisation: str
    area: str
    state: State
    secret_hash: str
    created_at: datetime
    subject: str = ""
    domain: str = ""
    bound_at: datetime | None = None
    last_seen_at: datetime | None = None
    clock_offset_s: float = 0.0
    sequence: int = 0
    """Grows with every change of any device; what the gateway follows."""

    def bound(self, subject: str, domain: str, now: datetime) -> Device:
        """Speaks for `subject` from now on; what it said before stays with whom it was about."""
        if self.state is State.RETIRED:
            raise DeviceRefusedError("DEVICE_RETIRED")
        if self.subject and (self.subject, self.domain) != (subject, domain):
            raise DeviceRefusedError("DEVICE_BOUND_ALREADY")
        if self.subject:
            return self
        return replace(self, subject=subject, domain=domain, bound_at=now)

    def unbound(self) -> Device:
        """Speaks for nothing."""
        return replace(self, subject="", domain="", bound_at=None)

    def put(self, state: State) -> Device:
        """Retired is for good, and ends what the device speaks for."""
        if self.state is State.RETIRED and state is not State.RETIRED:
            raise DeviceRefusedError("DEVICE_RETIRED")
        changed = replace(self, state=state)
        return changed.unbound() if state is State.RETIRED else changed
