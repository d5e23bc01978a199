"""From a device's own words to readings and events, by its model's adapter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from xianban.common.v1 import readings_pb2
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.plugins import CapabilityToken, HookResult, PluginRefused, PluginUnavailable
from xianban_sdk.telemetry import log

from xianban_sensing.hookspecs import Happened, Measured, Rejected, Where
from xianban_sensing.plugins import Message, Model, Models, Part
from xianban_sensing.uplink.admissions import Right
from xianban_sensing.uplink.letters import Letter

__all__ = ["Asked", "Read", "read_all"]

Asked: TypeAlias = tuple[Letter, pb.Binding, Right]


@dataclass(slots=True)
class Read:
    """What one letter says."""

    domain: str
    readings: list[readings_pb2.RawReading] = field(default_factory=list[readings_pb2.RawReading])
    events: list[readings_pb2.DeviceEvent] = field(default_factory=list[readings_pb2.DeviceEvent])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    # Seconds that the device's clock is ahead, by its newest reading.
    clock_offset: float | None = None
    # Its model is not asked just now: the letter must be kept.
    unread: bool = False


def read_all(asked: Sequence[Asked], models: Models) -> list[Read]:
    """Everything the letters say, in their order; what cannot be read costs only itself.

    Each model is asked once for all its letters. What is read for alarms alone, without the
    wearer's consent, says nothing else.
    """
    found = [Read(binding.domain) for _, binding, _ in asked]
    by_model: dict[str, list[int]] = {}
    for place, (_, binding, right) in enumerate(asked):
        if not isinstance(right, CapabilityToken) or right.people:
            by_model.setdefault(binding.model, []).append(place)
    for name, places in by_model.items():
        model = models.get(name)
        if model is None:
            for place in places:
                found[place].rejected.append(Rejected("message", "model", "DEVICE_MODEL_UNKNOWN"))
            continue
        _ask(model, [(asked[place], found[place]) for place in places])
    return found


def _ask(model: Model, letters: Sequence[tuple[Asked, Read]]) -> None:
    messages = [
        Message(letter.payload, letter.received_at, right) for (letter, _, right), _ in letters
    ]
    for (asked, into), result in zip(letters, model.parse(messages), strict=True):
        if result.error is None:
            _sort(_allowed(result, asked[2], model), asked, into)
        elif isinstance(result.error, (PluginUnavailable, PluginRefused)):
            into.unread = True
        else:
            # A plugin's ValueError says "no message of mine"; anything else is its own fault.
            # Either way only this message is lost, and it is said.
            told = repr(result.error)[:200]
            log.warning("message_unreadable", device=asked[0].device, error=told)
            into.rejected.append(Rejected("message", "payload", "MESSAGE_UNREADABLE"))


def _allowed(result: HookResult, right: Right, model: Model) -> Iterable[Part]:
    if isinstance(right, CapabilityToken) and right.basis == "vital":
        return [
            one for one in result.value if isinstance(one, Happened) and one.kind in model.alarms
        ]
    return result.value


def _sort(parts: Iterable[Part], asked: Asked, into: Read) -> None:
    letter, binding, _ = asked
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
