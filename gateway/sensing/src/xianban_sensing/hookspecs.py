"""What a vendor may plug into sensing 感知接入: how a model of device speaks.

One family, `register_*`: capabilities, read once at start-up. Everything a plugin imports is in
this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

import pluggy
from xianban_sdk.carrying import carries, carries_nothing

__all__ = [
    "Alarming",
    "DeviceAdapter",
    "Happened",
    "Measured",
    "Motion",
    "Promise",
    "Rejected",
    "Where",
    "hookimpl",
    "hookspec",
    "register_device_adapter",
]

hookspec = pluggy.HookspecMarker("xianban.sensing")
hookimpl = pluggy.HookimplMarker("xianban.sensing")


@dataclass(frozen=True, slots=True)
class Where:
    """WGS 84 in degrees; the radius of 68 % confidence in metres, 0 when not known."""

    latitude: float
    longitude: float
    accuracy_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Promise:
    """A quantity that a model sends."""

    kind: str
    """As the receiving domain names it, e.g. "heart-rate"."""
    unit: str
    """UCUM, e.g. "/min"."""
    cadence_seconds: int
    """How often it is promised; 0: whenever it changes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number as the device gave it: never clamped, never guessed."""

    kind: str
    value: float
    unit: str
    observed_at: datetime
    """By the device's own clock; now, when it has none."""
    sequence: int = 0
    """The device's own counter; 0: it has none."""
    where: Where | None = None
    """With kind "location" only."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Seconds of acceleration that a device cut out around a strong movement."""

    rate_hz: int
    """25 to 400."""
    milli_g: Sequence[int]
    """x, y, z of the first sample, then of the next …; 36,000 numbers at most."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something the device says happened: it is handed on at once, never batched."""

    kind: str
    """ "sos", "sos-cancel", "fall", "motion-window", "low-battery", "tamper", "off-body" …"""
    occurred_at: datetime
    event_id: str = ""
    """The device's own id of it: the same id is the same event; empty: made from the counter."""
    sequence: int = 0
    where: Where | None = None
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    motion: Motion | None = None
    """With kind "motion-window": what was measured from `occurred_at` on."""
    calls_off: str = ""
    """With kind "sos-cancel": the `event_id` of the one press it calls off; empty: every press
    that was before it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A part of a message that could not be read; the rest goes on."""

    item: str
    field: str
    reason: str


class DeviceAdapter(Protocol):
    """How one model speaks."""

    model: str
    """Lower case letters, digits and hyphens, e.g. "json-wristband"."""
    names: Mapping[str, str]
    """By locale."""
    promises: Sequence[Promise]
    has_display: bool
    """Whether a wearer can be told something."""

    @carries("eldercare.monitoring", "consent", "adapter.parse", alarms=True)
    def parse(self, payload: bytes, now: datetime) -> Iterator[Measured | Happened | Rejected]:
        """Reads one uplink message; ValueError: it is no message of this model at all."""
        ...

    @carries_nothing("words for a display, without whose it is")
    def render(self, command: str, text: str, event: str = "") -> bytes:
        """The downlink message that tells the wearer `text`, e.g. for command "acknowledged".

        `event` is the device's own id of what is answered, e.g. of one press, made from its
        counter ("sos-17") where it gave none; "": nothing of this device. An adapter may leave
        this parameter out, as with hooks.
        """
        ...


@runtime_checkable
class Alarming(Protocol):
    """A model that says which alarms it can raise; one that does not say may raise any.

    Without the wearer's consent a message is still read where it could be an alarm, and only the
    alarm is handed on. A model without alarms is not read at all then.
    """

    alarms: Sequence[str]
    """Kinds of `Happened` that mean danger, e.g. "sos", "fall"; empty: none."""


@hookspec
def register_device_adapter() -> list[DeviceAdapter]:  # type: ignore[empty-body]
    """Brings the models that this plugin can read."""
