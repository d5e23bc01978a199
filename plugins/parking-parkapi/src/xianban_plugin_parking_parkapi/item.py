"""One item of a file: typed reading that names the field it stumbles over."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

import orjson

__all__ = ["Item", "ItemError", "is_missing"]

MAX_TEXT: Final = 1000
MAX_SHORTENED: Final = 2000
MAX_WHOLE: Final = 1_000_000
# What German and technical sources write for "nothing here".
_BLANKS: Final = frozenset({"", "-", "–", "none", "null", "n/a"})
_TRUE: Final = frozenset({"true", "t", "ja", "yes", "1", "wahr"})
_FALSE: Final = frozenset({"false", "f", "nein", "no", "0", "falsch"})


class ItemError(ValueError):
    """Why an item could not be read."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Item:
    """A record and the label under which a person finds it again."""

    def __init__(self, label: str, values: Mapping[str, object]) -> None:
        self.label = label
        self._values = values

    def shortened(self) -> str:
        """The item as it came, for whoever repairs it."""
        return orjson.dumps(self._values, default=str).decode()[:MAX_SHORTENED]

    def has(self, field: str) -> bool:
        """True when the field holds something."""
        return not is_missing(self._values.get(field))

    def raw(self, field: str) -> object:
        """The field as it came; required."""
        if not self.has(field):
            raise ItemError(field, "REQUIRED")
        return self._values[field]

    def text(self, field: str, default: str | None = None) -> str:
        """A text on one line; numbers are written out."""
        if default is not None and not self.has(field):
            return default
        value = self.raw(field)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ItemError(field, "NOT_A_TEXT")
        text = _without_point(value) if isinstance(value, float) else str(value)
        if len(text) > MAX_TEXT:
            raise ItemError(field, "TOO_LONG")
        return " ".join(text.split())

    def number(self, field: str) -> float:
        """A finite number, also written as text."""
        value = self.raw(field)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ItemError(field, "NOT_A_NUMBER")
        try:
            number = float(value if not isinstance(value, str) else value[:64])
        except (ValueError, OverflowError):
            raise ItemError(field, "NOT_A_NUMBER") from None
        if not math.isfinite(number):
            raise ItemError(field, "NOT_A_NUMBER")
        return number

    def whole(self, field: str, default: int | None = None) -> int:
        """A whole number, raw: negative ones too; absent ones take the default."""
        if default is not None and not self.has(field):
            return default
        number = self.number(field)
        if number != int(number):
            raise ItemError(field, "NOT_A_WHOLE_NUMBER")
        if abs(number) > MAX_WHOLE:
            raise ItemError(field, "OUT_OF_RANGE")
        return int(number)

    def count(self, field: str, default: int | None = None) -> int:
        """A whole number that is not negative."""
        number = self.whole(field, default)
        if number < 0:
            raise ItemError(field, "NEGATIVE")
        return number

    def capacity(self, field: str) -> int:
        """How many places; a car park has at least one."""
        capacity = self.count(field)
        if capacity == 0:
            raise ItemError(field, "CAPACITY_NOT_POSITIVE")
        return capacity

    def flag(self, field: str, default: bool | None = None) -> bool:
        """Yes or no, as sources write it."""
        if default is not None and not self.has(field):
            return default
        word = str(self.raw(field)).strip().casefold()
        if word not in _TRUE | _FALSE:
            raise ItemError(field, "NOT_YES_OR_NO")
        return word in _TRUE

    def choice(self, field: str, known: Collection[str]) -> str:
        """One of the known words."""
        word = self.text(field)
        if word not in known:
            raise ItemError(field, "UNKNOWN_VALUE")
        return word

    def instant(self, field: str) -> datetime:
        """An ISO 8601 instant with its offset."""
        text = self.text(field)[:64]
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise ItemError(field, "NOT_AN_INSTANT") from None
        if instant.tzinfo is None:
            raise ItemError(field, "TIME_WITHOUT_ZONE")
        return instant.astimezone(UTC)

    def epoch_milliseconds(self, field: str) -> datetime:
        """An instant in milliseconds since 1970."""
        try:
            return datetime.fromtimestamp(self.number(field) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            raise ItemError(field, "NOT_AN_INSTANT") from None

    def position(self, latitude: str, longitude: str) -> tuple[float, float]:
        """WGS 84; (0, 0) is what sources write when nobody measured."""
        north, east = self.number(latitude), self.number(longitude)
        if not -90 <= north <= 90:
            raise ItemError(latitude, "OUT_OF_RANGE")
        if not -180 <= east <= 180:
            raise ItemError(longitude, "OUT_OF_RANGE")
        if abs(north) < 0.01 and abs(east) < 0.01:
            raise ItemError(latitude, "POSITION_MISSING")
        return north, east


def is_missing(value: object) -> bool:
    """None, and the words that mean it."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in _BLANKS)


def _without_point(number: float) -> str:
    # Spreadsheets and ArcGIS write ids as 4.0.
    return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)
