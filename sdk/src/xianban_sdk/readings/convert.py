"""Readings to the wire: the number travels with its verdict or not at all."""

from __future__ import annotations

from datetime import datetime

from xianban.common.v1 import readings_pb2 as pb

from xianban_sdk.readings.reading import Reading, Shown, Silence, Withheld
from xianban_sdk.wire import position, stamp

__all__ = ["judged", "point"]


def judged(reading: Reading | Silence, now: datetime, locale: str) -> pb.JudgedReading:
    """The present state, for a person who reads `locale`."""
    return _message(reading, reading.shown(now), now, locale)


def point(reading: Reading, now: datetime, locale: str) -> pb.JudgedReading:
    """One point of a history."""
    return _message(reading, reading.then(now), now, locale)


def _message(
    reading: Reading | Silence, told: Shown | Withheld, now: datetime, locale: str
) -> pb.JudgedReading:
    kind = reading.kind
    made = pb.JudgedReading(
        kind=kind.code,
        kind_display=kind.name(locale),
        unit=kind.unit,
        verdict=pb.ReadingVerdict.ValueType(told.verdict.value),
    )
    if isinstance(reading, Reading):
        made.observe_time.CopyFrom(stamp(reading.observed_at))
        made.receive_time.CopyFrom(stamp(reading.received_at))
        made.age_seconds = max(int((now - reading.observed_at).total_seconds()), 0)
        made.clock_wrong = reading.clock_wrong
        if reading.last_good_at is not None:
            made.last_good_time.CopyFrom(stamp(reading.last_good_at))
    if isinstance(told, Shown):
        _add_number(made, told)
    return made


def _add_number(made: pb.JudgedReading, told: Shown) -> None:
    if told.place is None:
        made.value = told.value
    else:
        made.position.CopyFrom(position(told.place))
