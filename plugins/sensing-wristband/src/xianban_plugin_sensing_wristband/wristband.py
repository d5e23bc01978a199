"""One message of a JSON wristband.

`{"seq":17,"t":1795400000000,"hr":72,"spo2":97,"rr":16,"temp":36.6,"steps":10,"bat":80,
"loc":[30.91,121.46,12],"ev":"sos","id":"a1"}`: everything but `seq` may be missing; `t` is in
milliseconds since 1970 UTC by the band's own clock. A list of such objects is a backlog.
`"of":"a1"` beside `"ev":"sos-cancel"` calls off that one press.
`"acc":{"hz":50,"mg":[x,y,z,x,y,z,…]}` is what the band felt from `t` on, in thousandths of g.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson
from xianban_sensing.hookspecs import Happened, Measured, Motion, Promise, Rejected, Where

__all__ = ["JsonWristband"]

_MOST_ITEMS: Final = 500
# Key → (kind, unit).
_NUMBERS: Final = {
    "hr": ("heart-rate", "/min"),
    "spo2": ("oxygen-saturation", "%"),
    "rr": ("respiratory-rate", "/min"),
    "temp": ("body-temperature", "Cel"),
    "steps": ("steps", "{count}"),
    "bat": ("battery", "%"),
}
_EVENTS: Final = frozenset({"sos", "sos-cancel", "fall", "low-battery", "off-body"})
# As elder care takes them.
_RATES: Final = range(25, 401)
_MOST_ACCELERATIONS: Final = 36_000
_MOST_MILLI_G: Final = 64_000
_LATEST: Final = 253_402_300_799_000  # the last millisecond that a datetime can say


class JsonWristband:
    """The model "json-wristband"."""

    model = "json-wristband"
    names: Mapping[str, str] = {"zh-CN": "健康手环", "en": "Health wristband"}
    promises: Sequence[Promise] = (
        Promise("heart-rate", "/min", 60),
        Promise("oxygen-saturation", "%", 60),
        Promise("respiratory-rate", "/min", 60),
        Promise("body-temperature", "Cel", 300),
        Promise("steps", "{count}", 300),
        Promise("battery", "%", 900),
        # No place: indoors there is none, and that is no silence.
    )
    has_display = True

    def parse(self, payload: bytes, now: datetime) -> Iterator[Measured | Happened | Rejected]:
        """ValueError when it is no JSON object or list of objects."""
        told: Any = orjson.loads(payload)
        items = cast("list[Any]", told) if isinstance(told, list) else [told]
        if len(items) > _MOST_ITEMS:
            raise ValueError(f"more than {_MOST_ITEMS} items in one message")
        for number, item in enumerate(items, 1):
            if not isinstance(item, dict):
                raise ValueError("a message is an object, or a list of objects")
            yield from _read(cast("dict[str, Any]", item), f"item {number}", now)

    def render(self, command: str, text: str, event: str = "") -> bytes:
        return orjson.dumps({"cmd": command, "text": text} | ({"id": event} if event else {}))


def _read(
    item: dict[str, Any], label: str, now: datetime
) -> Iterator[Measured | Happened | Rejected]:
    at = _instant(item.get("t"), now)
    if at is None:
        yield Rejected(label, "t", "TIME_INVALID")
        return
    sequence = _sequence(item.get("seq"))
    where = _where(item.get("loc"))
    for key, (kind, unit) in _NUMBERS.items():
        if key in item:
            yield _number(item[key], label, key, Measured(kind, 0.0, unit, at, sequence))
    if where is not None:
        yield Measured("location", where.accuracy_m, "m", at, sequence, where)
    elif "loc" in item:
        yield Rejected(label, "loc", "POSITION_INVALID")
    if "ev" in item:
        yield _event(item, label, at, sequence, where)
    if "acc" in item:
        yield _motion(item, label, at, sequence, where)


def _number(value: Any, label: str, key: str, shape: Measured) -> Measured | Rejected:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Rejected(label, key, "NUMBER_INVALID")
    return Measured(shape.kind, float(value), shape.unit, shape.observed_at, shape.sequence)


def _event(
    item: dict[str, Any], label: str, at: datetime, sequence: int, where: Where | None
) -> Happened | Rejected:
    kind = item["ev"]
    if not isinstance(kind, str) or kind not in _EVENTS:
        return Rejected(label, "ev", "EVENT_UNKNOWN")
    called_off = str(item.get("of", ""))[:64]
    own = str(item.get("id", ""))[:64]
    return Happened(kind, at, own, sequence, where, calls_off=called_off)


def _motion(
    item: dict[str, Any], label: str, at: datetime, sequence: int, where: Where | None
) -> Happened | Rejected:
    window = item["acc"]
    told = cast("dict[str, Any]", window) if isinstance(window, dict) else {}
    rate, numbers = told.get("hz"), told.get("mg")
    if isinstance(rate, bool) or not isinstance(rate, int) or rate not in _RATES:
        return Rejected(label, "acc.hz", "RATE_INVALID")
    if not isinstance(numbers, list) or not _accelerations(cast("list[Any]", numbers)):
        return Rejected(label, "acc.mg", "MOTION_INVALID")
    event = str(item.get("id", ""))[:56]
    name = f"{event}-motion" if event else ""  # an "ev" of the same message has the id itself
    motion = Motion(rate, cast("list[int]", numbers))
    return Happened("motion-window", at, name, sequence, where, motion=motion)


def _accelerations(numbers: list[Any]) -> bool:
    return (
        0 < len(numbers) <= _MOST_ACCELERATIONS
        and len(numbers) % 3 == 0
        and all(type(one) is int and abs(one) <= _MOST_MILLI_G for one in numbers)
    )


def _instant(value: Any, now: datetime) -> datetime | None:
    """A band without a clock means now."""
    if value is None:
        return now
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)


def _sequence(value: Any) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if fits else 0


def _where(value: Any) -> Where | None:
    if not isinstance(value, list):
        return None
    parts = cast("list[Any]", value)
    if len(parts) not in (2, 3) or not all(_is_number(part) for part in parts):
        return None
    latitude, longitude, *accuracy = (float(part) for part in parts)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Where(latitude, longitude, max(accuracy[0], 0.0) if accuracy else 0.0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
