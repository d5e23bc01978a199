"""Values to call hooks with, made of their types: ordinary ones, and what a stranger would send."""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal

__all__ = ["HOSTILE", "ORDINARY", "Samples"]

ORDINARY: Final = "ordinary"
HOSTILE: Final = ("empty", "long", "odd", "extreme")

_ODD: Final = "<script>alert(1)</script>\u202e\u0000'\";--贤办\U0001f6a8"
_MANY: Final = b"x" * 200_000
_DEEP: Final = b"[" * 20_000
_BY_TYPE: Final[Mapping[type, Mapping[str, Any]]] = {
    str: {ORDINARY: "text", "empty": "", "long": "长" * 10_000, "odd": _ODD, "extreme": "-1"},
    bytes: {
        ORDINARY: b"{}",
        "empty": b"",
        "long": _MANY,
        "odd": _DEEP,
        "extreme": b"\xff",
    },
    bool: {ORDINARY: False, "empty": False, "long": True, "odd": True, "extreme": True},
    int: {ORDINARY: 1, "empty": 0, "long": 2**31, "odd": -1, "extreme": 2**53},
    float: {ORDINARY: 0.5, "empty": 0.0, "long": 1e300, "odd": -0.0, "extreme": -1e300},
    datetime: {
        ORDINARY: datetime(2026, 11, 23, 9, tzinfo=UTC),
        # A clock is the suite's own: it is odd at most, never a stranger's.
        "empty": datetime(2026, 11, 23, tzinfo=UTC),
        "long": datetime(2026, 11, 30, tzinfo=UTC),
        "odd": datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
        "extreme": datetime(2026, 1, 1, tzinfo=UTC),
    },
    timedelta: {
        ORDINARY: timedelta(minutes=5),
        "empty": timedelta(0),
        "long": timedelta(days=36_500),
        "odd": timedelta(seconds=-1),
        "extreme": timedelta(microseconds=1),
    },
}
_ITEMS: Final[Mapping[Any, Callable[[list[Any]], Any]]] = {
    list: list[Any],
    frozenset: frozenset[Any],
}
_MAPPING: Final = typing.get_origin(Mapping[str, str])


class Samples:
    """Values of one kind; files are made in a folder."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind = kind
        self._folder = folder

    def arguments(self, hints: Mapping[str, Any]) -> list[Any]:
        """One value per parameter, in order."""
        return [self.value(hint) for hint in hints.values()]

    def value(self, hint: Any) -> Any:
        """A value of that type."""
        if hint in _BY_TYPE:
            return _BY_TYPE[hint][self._kind]
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, UnionType):
            return self._one_of(arguments)
        if origin is Literal:
            return arguments[0] if self._kind == ORDINARY else arguments[-1]
        if origin is not None:
            return self._several(origin, arguments)
        return self._made(hint)

    def _one_of(self, hints: Sequence[Any]) -> Any:
        if NoneType in hints and self._kind == "empty":
            return None
        known = [hint for hint in hints if hint is not NoneType]
        return self.value(known[0] if self._kind == ORDINARY else known[-1])

    def _several(self, origin: Any, arguments: Sequence[Any]) -> Any:
        if origin is tuple and arguments[-1] is not Ellipsis:
            return tuple(self.value(one) for one in arguments)
        empty = self._kind == "empty"
        if origin is _MAPPING:
            return {} if empty else {self.value(arguments[0]): self.value(arguments[1])}
        items: list[Any] = [] if empty else [self.value(arguments[0])]
        return _ITEMS.get(origin, tuple[Any, ...])(items)

    def _made(self, hint: Any) -> Any:
        if dataclasses.is_dataclass(hint):
            hints = typing.get_type_hints(hint)
            fields = [item.name for item in dataclasses.fields(hint) if self._wanted(item)]
            return typing.cast("Any", hint)(**{name: self.value(hints[name]) for name in fields})
        if issubclass(hint, enum.Enum):
            return list(hint)[0 if self._kind == ORDINARY else -1]
        if issubclass(hint, Path):
            file = self._folder / f"{self._kind}.txt"
            file.write_bytes(_BY_TYPE[bytes][self._kind])
            return file
        raise LookupError(f"no sample of {hint}")

    def _wanted(self, item: dataclasses.Field[Any]) -> bool:
        missing = dataclasses.MISSING
        needed = item.default is missing and item.default_factory is missing
        return needed or self._kind != ORDINARY
