"""One JSON object being read; what is wrong is told by the field's path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

__all__ = ["FieldError", "Fields"]

MAX_TEXT: Final = 128
_MISSING: Final = object()


class FieldError(ValueError):
    """A field that cannot be read: where, and an UPPER_SNAKE reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Fields:
    """Typed reading of an object's fields."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise FieldError(path or "event", "NOT_AN_OBJECT" if value is not None else "REQUIRED")
        self._values = cast("dict[str, object]", value)
        self._path = path

    def inner(self, name: str) -> Fields:
        """The object inside this one."""
        return Fields(self._values.get(name), self._at(name))

    def text(self, name: str, default: str | None = None, longest: int = MAX_TEXT) -> str:
        """A short text; required unless a default is given."""
        value = self._values.get(name, _MISSING)
        if value in (_MISSING, None, ""):
            if default is None:
                raise FieldError(self._at(name), "REQUIRED")
            return default
        if not isinstance(value, str):
            raise FieldError(self._at(name), "NOT_A_TEXT")
        if len(value) > longest:
            raise FieldError(self._at(name), "TOO_LONG")
        return value

    def choice(self, name: str, choices: Mapping[str, str]) -> str:
        """What the field's word stands for."""
        word = self.text(name)
        if word not in choices:
            raise FieldError(self._at(name), "NOT_ONE_OF_" + "_".join(choices).upper())
        return choices[word]

    def share(self, name: str, whole: int) -> float:
        """A number from 0 to `whole`, as a share of it; absent: certain."""
        value = self._values.get(name, whole)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError(self._at(name), "NOT_A_NUMBER")
        if not 0 <= value <= whole:
            raise FieldError(self._at(name), "OUT_OF_RANGE")
        return value / whole

    def instant(self, name: str) -> datetime:
        """An RFC 3339 instant with its offset."""
        text = self.text(name, longest=40)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise FieldError(self._at(name), "NOT_AN_INSTANT") from None
        if found.tzinfo is None:
            raise FieldError(self._at(name), "TIME_WITHOUT_ZONE")
        return found

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name
