"""What the sensors of a home say, in either form; `parts` opens both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from xianban_sensing.hookspecs import Happened, Measured, Promise, Rejected

from xianban_plugin_sensing_home_set.parts import EVENTS, Part, opened

__all__ = ["HomeSet"]

# Key → (kind, unit, highest value).
_NUMBERS: Final = {
    "smoke": ("smoke", "{state}", 1),
    "gas": ("gas", "{state}", 1),
    "door": ("door", "{state}", 1),
    "motion": ("motion", "{state}", 1),
    "water": ("water", "L", 2**32 - 1),
    "bat": ("battery", "%", 100),
}
_BROKEN: Final = 255  # a sensor that says that it does not work
_LATEST: Final = 253_402_300_799_000  # the last millisecond that a datetime can say


class HomeSet:
    """The model "home-set"."""

    model = "home-set"
    names: Mapping[str, str] = {"zh-CN": "居家安防套装", "en": "Home safety set"}
    promises: Sequence[Promise] = (
        Promise("smoke", "{state}", 600),
        Promise("gas", "{state}", 600),
        Promise("door", "{state}", 600),
        Promise("motion", "{state}", 600),
        Promise("water", "L", 600),
        Promise("battery", "%", 3600),
    )
    has_display = False

    def parse(self, payload: bytes, now: datetime) -> Iterator[Measured | Happened | Rejected]:
        """ValueError when it is neither form of a message."""
        at: datetime | None = now
        for part in opened(payload):
            if part.key == "t" and not part.flaw:
                at = _instant(part.value, now)
                if at is None:
                    yield Rejected(part.item, "t", "TIME_INVALID")
            elif part.flaw:
                yield Rejected(part.item, part.key, part.flaw)
            else:
                yield _told(part, at, now)

    def render(self, command: str, text: str, event: str = "") -> bytes:
        return orjson.dumps({"cmd": command, "text": text} | ({"id": event} if event else {}))


def _told(part: Part, at: datetime | None, now: datetime) -> Measured | Happened | Rejected:
    if part.key in EVENTS:
        # A wrong clock must not silence what happened.
        return Happened(part.key, at or now, sequence=part.sequence)
    if at is None:
        return Rejected(part.item, part.key, "TIME_INVALID")
    kind, unit, most = _NUMBERS[part.key]
    value = part.value
    if isinstance(value, bool) or not isinstance(value, int):
        return Rejected(part.item, part.key, "NUMBER_INVALID")
    if part.key != "water" and value == _BROKEN:
        return Rejected(part.item, part.key, "NOT_MEASURED")
    if not 0 <= value <= most:
        return Rejected(part.item, part.key, "NUMBER_INVALID")
    return Measured(kind, float(value), unit, at, part.sequence)


def _instant(value: Any, now: datetime) -> datetime | None:
    """A set without a clock means now."""
    if value is None:
        return now
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
