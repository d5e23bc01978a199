"""One message of a Bluetooth health box.

`{"seq":17,"t":1795400000000,"tz":480,"user":1,"items":[{"c":"2A35","v":"006c00…"}]}`: `c` is the
characteristic's 16-bit UUID, or the long form of it, and `v` its octets in hexadecimal. Everything
but `items` may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import orjson
from xianban_sensing.hookspecs import Happened, Measured, Promise, Rejected

from xianban_plugin_sensing_health_box.gatt import CHARACTERISTICS, Told
from xianban_plugin_sensing_health_box.octets import Octets

__all__ = ["HealthBox"]

_MOST_BYTES: Final = 262_144
_MOST_ITEMS: Final = 200
_MOST_DIGITS: Final = 1024  # an attribute has 512 octets (Bluetooth Core, vol. 3, part F, 3.2.9)
_UUID: Final = re.compile(r"(?:0000)?([0-9a-f]{4})(?:-0000-1000-8000-00805f9b34fb)?")
_LATEST: Final = 253_402_300_799_000  # the last millisecond that a datetime can say
_CHINA: Final = 480  # minutes ahead of UTC
_FARTHEST: Final = 14 * 60
_FIRST_YEAR: Final = 1582  # of GATT's Date Time


@dataclass(frozen=True, slots=True)
class _Frame:
    """What counts for all items of a message."""

    at: datetime
    sequence: int
    offset: timedelta
    user: int | None


class HealthBox:
    """The model "health-box"."""

    model = "health-box"
    names: Mapping[str, str] = {"zh-CN": "健康检测盒", "en": "Health box"}
    promises: Sequence[Promise] = (
        Promise("systolic-pressure", "mm[Hg]", 0),
        Promise("diastolic-pressure", "mm[Hg]", 0),
        Promise("heart-rate", "/min", 0),
        Promise("oxygen-saturation", "%", 0),
        Promise("body-temperature", "Cel", 0),
        Promise("battery", "%", 0),
    )
    alarms: Sequence[str] = ()
    has_display = False

    def parse(self, payload: bytes, now: datetime) -> Iterator[Measured | Happened | Rejected]:
        """ValueError when it is no JSON object with a list of items."""
        items, told = _opened(payload)
        frame = _frame(told, now)
        if isinstance(frame, Rejected):
            yield frame
            return
        for number, item in enumerate(items, 1):
            yield from _read(item, f"item {number}", frame)

    def render(self, command: str, text: str, event: str = "") -> bytes:
        return orjson.dumps({"cmd": command, "text": text} | ({"id": event} if event else {}))


def _opened(payload: bytes) -> tuple[list[Any], dict[str, Any]]:
    if len(payload) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes in one message")
    told: Any = orjson.loads(payload)
    if not isinstance(told, dict):
        raise ValueError("a message is an object")
    message = cast("dict[str, Any]", told)
    items = message.get("items")
    if not isinstance(items, list):
        raise ValueError("a message has a list of items")
    found = cast("list[Any]", items)
    if len(found) > _MOST_ITEMS:
        raise ValueError(f"more than {_MOST_ITEMS} items in one message")
    return found, message


def _frame(told: dict[str, Any], now: datetime) -> _Frame | Rejected:
    """A box without a clock means now."""
    at, offset, user = told.get("t"), told.get("tz", _CHINA), told.get("user")
    if at is not None and not _within(at, 0, _LATEST):
        return Rejected("message", "t", "TIME_INVALID")
    if not _within(offset, -_FARTHEST, _FARTHEST):
        return Rejected("message", "tz", "OFFSET_INVALID")
    if user is not None and not _within(user, 0, 255):
        return Rejected("message", "user", "USER_INVALID")
    return _Frame(
        now if at is None else datetime.fromtimestamp(at / 1000, UTC),
        _sequence(told.get("seq")),
        timedelta(minutes=offset),
        user,
    )


def _sequence(value: Any) -> int:
    return value if _within(value, 0, 2**63 - 1) else 0


def _within(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _read(item: Any, label: str, frame: _Frame) -> Iterator[Measured | Rejected]:
    try:
        told = _told(item)
    except _Unreadable as flaw:
        yield Rejected(label, flaw.field, flaw.reason)
        return
    at = _instant(told.clock, frame)
    if at is None:
        yield Rejected(label, "timestamp", "TIME_INVALID")
    elif told.user is not None and frame.user not in (None, told.user):
        yield Rejected(label, "user", "OTHER_USER")
    else:
        yield from _numbers(told, label, at, frame.sequence)


class _Unreadable(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


def _told(item: Any) -> Told:
    """The characteristic that an item carries."""
    if not isinstance(item, dict):
        raise _Unreadable("item", "ITEM_INVALID")
    given = cast("dict[str, Any]", item)
    name, digits = given.get("c"), given.get("v")
    known = _UUID.fullmatch(name.lower()) if isinstance(name, str) else None
    reader = CHARACTERISTICS.get(known[1]) if known else None
    if reader is None:
        raise _Unreadable("c", "CHARACTERISTIC_UNKNOWN")
    if not isinstance(digits, str) or len(digits) > _MOST_DIGITS:
        raise _Unreadable("v", "HEX_INVALID")
    try:
        octets = Octets(bytes.fromhex(digits))
    except ValueError:
        raise _Unreadable("v", "HEX_INVALID") from None
    try:
        return reader(octets)
    except ValueError:
        raise _Unreadable("v", "LENGTH_INVALID") from None


def _numbers(told: Told, label: str, at: datetime, sequence: int) -> Iterator[Measured | Rejected]:
    for number in told.numbers:
        if told.doubt or number.value is None:
            yield Rejected(label, number.kind, told.doubt or "NOT_MEASURED")
        else:
            yield Measured(number.kind, number.value, number.unit, at, sequence)


def _instant(clock: bytes, frame: _Frame) -> datetime | None:
    """By the instrument's clock; the box's, when the instrument has none or does not know the day.

    Date Time: year (2 octets), month, day, hours, minutes, seconds; year, month or day 0: unknown.
    """
    if not clock:
        return frame.at
    year, (month, day, *rest) = int.from_bytes(clock[:2], "little"), clock[2:]
    if 0 in (year, month, day):
        return frame.at
    if year < _FIRST_YEAR:
        return None
    try:
        return datetime(year, month, day, *rest, tzinfo=UTC) - frame.offset
    except (ValueError, OverflowError):
        return None
