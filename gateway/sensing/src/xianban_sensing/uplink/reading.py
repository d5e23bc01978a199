"""From a device's own words to readings and events, by its model's adapter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from xianban.common.v1 import readings_pb2
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.plugins import CapabilityToken
from xianban_sdk.telemetry import log

from xianban_sensing.hookspecs import Happened, Measured, Rejected, Where
from xianban_sensing.plugins import Models
from xianban_sensing.uplink.admissions import Right
from xianban_sensing.uplink.letters import Letter

__all__ = ["Read", "read"]


@dataclass(slots=True)
class Read:
    """What one letter says."""

    domain: str
    readings: list[readings_pb2.RawReading] = field(default_factory=list[readings_pb2.RawReading])
    events: list[readings_pb2.DeviceEvent] = field(default_factory=list[readings_pb2.DeviceEvent])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    # Seconds that the device's clock is ahead, by its newest reading.
    clock_offset: float | None = None


def read(letter: Letter, binding: pb.Binding, models: Models, right: Right) -> Read:
    """Everything the letter says; what cannot be read costs only itself.

    Read for alarms alone, without the wearer's consent, it says nothing else.
    """
    found = Read(binding.domain)
    if isinstance(right, CapabilityToken) and not right.people:
        return found
    model = models.get(binding.model)
    if model is None:
        found.rejected.append(Rejected("message", "model", "DEVICE_MODEL_UNKNOWN"))
        return found
    try:
        parts = model.parse(letter.payload, letter.received_at, right)
    except Exception as error:
        # A plugin's ValueError says "no message of mine"; anything else is its own fault. Either
        # way only this message is lost, and it is said.
        log.warning("message_unreadable", device=letter.device, error=repr(error)[:200])
        found.rejected.append(Rejected("message", "payload", "MESSAGE_UNREADABLE"))
        return found
    if isinstance(right, CapabilityToken) and right.basis == "vital":
        parts = [one for one in parts if isinstance(one, Happened) and one.kind in model.alarms]
    _sort(parts, letter, binding, found)
    return found


def _sort(
    parts: Iterable[Measured | Happened | Rejected], letter: Letter, binding: pb.Binding, into: Read
) -> None:
    received = _micros(letter.received_at)
    for part in parts:
        if isinstance(part, Measured):
            into.readings.append(_reading(part, binding, received))
            into.clock_offset = (part.observed_at - letter.received_at).total_seconds()
        elif isinstance(part, Happened):
            into.events.append(_event(part, letter, binding))
        else:
            into.rejected.append(part)


def _reading(part: Measured, binding: pb.Binding, received_micros: int) -> readings_pb2.RawReading:
    made = readings_pb2.RawReading(
        device=binding.device,
        subject=binding.subject,
        kind=part.kind,
        value=part.value,
        unit=part.unit,
        observe_micros=_micros(part.observed_at),
        receive_micros=received_micros,
        sequence=part.sequence,
    )
    if part.where is not None:
        made.position.CopyFrom(_position(part.where))
    return made


def _event(part: Happened, letter: Letter, binding: pb.Binding) -> readings_pb2.DeviceEvent:
    made = readings_pb2.DeviceEvent(
        id=f"{binding.device}:{_event_id(part, letter)}",
        device=binding.device,
        subject=binding.subject,
        kind=part.kind,
        attributes=dict(part.attributes),
    )
    made.occur_time.FromDatetime(part.occurred_at)
    made.receive_time.FromDatetime(letter.received_at)
    if part.where is not None:
        made.position.CopyFrom(_position(part.where))
    if part.calls_off:
        made.calls_off = f"{binding.device}:{part.calls_off}"
    if part.motion is not None:
        made.motion.rate_hz = part.motion.rate_hz
        made.motion.milli_g.extend(part.motion.milli_g)
    return made


def _event_id(part: Happened, letter: Letter) -> str:
    """The device's own id; else its counter; else the message itself: a repeat is the same."""
    if part.event_id:
        return part.event_id
    if part.sequence:
        return f"{part.kind}-{part.sequence}"
    return hashlib.sha256(letter.payload).hexdigest()[:32]


def _position(where: Where) -> readings_pb2.Position:
    return readings_pb2.Position(
        latitude=where.latitude, longitude=where.longitude, accuracy_m=where.accuracy_m
    )


def _micros(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)
