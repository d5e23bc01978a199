"""One message of a locator: lines of NMEA 0183, and its own `$XB` sentences among them.

RMC and GGA say the place, `$XB,SOS,<counter>` that the button was pressed, `$XB,BAT,<percent>` how
full the battery is. Other sentences are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from xianban_sensing.hookspecs import Happened, Measured, Promise, Rejected, Where

from xianban_plugin_sensing_gps_locator.nmea import FIXES, Fix, Unreadable, checksum, fields_of

__all__ = ["GpsLocator"]

_MOST_BYTES: Final = 65_536
_MOST_LINES: Final = 1000
_METRES_PER_HDOP: Final = 5.0  # what a good receiver errs by with the sky open
_OWN: Final = "XB"
_MOST_TEXT: Final = 100
_DAY: Final = timedelta(days=1)


class GpsLocator:
    """The model "gps-locator"."""

    model = "gps-locator"
    names: Mapping[str, str] = {"zh-CN": "定位器", "en": "GPS locator"}
    promises: Sequence[Promise] = (Promise("location", "m", 300), Promise("battery", "%", 3600))
    has_display = True

    def parse(self, payload: bytes, now: datetime) -> Iterator[Measured | Happened | Rejected]:
        """ValueError when no line of it is a sentence."""
        parts = list(_joined(_parts(_lines(payload), now)))
        fixes = [part for part in parts if isinstance(part, Fix)]
        newest = _located(fixes[-1], now).where if fixes else None
        for part in parts:
            if isinstance(part, Fix):
                yield _located(part, now)
            else:
                yield replace(part, where=newest) if isinstance(part, Happened) else part

    def render(self, command: str, text: str, event: str = "") -> bytes:
        """`$XB,TELL,<command>,<text as UTF-8 in hexadecimal>[,<counter>]` with checksum."""
        body = f"{_OWN},TELL,{command},{text[:_MOST_TEXT].encode().hex().upper()}"
        counter = event.removeprefix("sos-")
        if counter.isdecimal():
            body += f",{counter}"
        return f"${body}*{checksum(body)}\r\n".encode("ascii")


_Part = Fix | Measured | Happened | Rejected


def _lines(payload: bytes) -> list[str]:
    if len(payload) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes in one message")
    lines = [line.strip(" \r") for line in payload.decode("ascii").split("\n")]
    if len(lines) > _MOST_LINES:
        raise ValueError(f"more than {_MOST_LINES} lines in one message")
    if not any(line.startswith("$") for line in lines):
        raise ValueError("a message has sentences that begin with $")
    return lines


def _parts(lines: Iterable[str], now: datetime) -> Iterator[_Part]:
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            part = _part(line, now)
        except Unreadable as flaw:
            part = Rejected(f"line {number}", flaw.field, flaw.reason)
        if part is not None:
            yield part


def _part(line: str, now: datetime) -> _Part | None:
    own = line.startswith(f"${_OWN},")
    fields = fields_of(line, checked=not own)
    if own:
        return _own(fields, now)
    # The talker, two letters, says which satellites: GP, BD, GN …
    reader = FIXES.get(fields[0][2:])
    return reader(fields) if reader else None


def _own(fields: Sequence[str], now: datetime) -> Measured | Happened:
    """These have no time of their own: now."""
    match fields[1:]:
        case ["SOS", counter] if _counts(counter, 18):
            return Happened("sos", now, f"sos-{int(counter)}", int(counter))
        case ["BAT", percent] if _counts(percent, 3) and int(percent) <= 100:
            return Measured("battery", float(percent), "%", now)
        case ["SOS" | "BAT" as name, *_]:
            raise Unreadable(name, "NUMBER_INVALID")
        case _:
            raise Unreadable("sentence", "SENTENCE_UNKNOWN")


def _counts(given: str, most_digits: int) -> bool:
    return given.isdecimal() and len(given) <= most_digits


def _joined(parts: Iterable[_Part]) -> Iterator[_Part]:
    """RMC and GGA of the same second, one after the other, are one place."""
    held: Fix | None = None
    for part in parts:
        if held is not None and isinstance(part, Fix) and _same(held, part):
            yield _both(held, part)
            held = None
            continue
        if held is not None:
            yield held
        held = part if isinstance(part, Fix) else None
        if held is None:
            yield part
    if held is not None:
        yield held


def _same(one: Fix, other: Fix) -> bool:
    return one.clock == other.clock and one.sentence != other.sentence


def _both(one: Fix, other: Fix) -> Fix:
    quality, day = (one, other) if one.sentence == "GGA" else (other, one)
    return replace(quality, day=day.day)


def _located(fix: Fix, now: datetime) -> Measured:
    accuracy = (fix.hdop or 0.0) * _METRES_PER_HDOP
    where = Where(fix.latitude, fix.longitude, accuracy)
    return Measured("location", accuracy, "m", _instant(fix, now), 0, where)


def _instant(fix: Fix, now: datetime) -> datetime:
    """GGA alone names no day: the one that brings it nearest to now."""
    if fix.day is not None:
        return datetime.combine(fix.day, fix.clock, UTC)
    today = datetime.combine(now.astimezone(UTC).date(), fix.clock, UTC)
    return min((today - _DAY, today, today + _DAY), key=lambda one: abs(one - now))
