"""Values that stand alone: numbers, texts, bytes, instants, members of enumerations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final, Protocol

from xianban.plugin.v1.plugin_pb2 import Value

__all__ = [
    "DURATION",
    "FILE",
    "INSTANT",
    "LONGEST_TEXT",
    "NOTHING",
    "OCTETS",
    "REAL",
    "TEXT",
    "TRUTH",
    "WHOLE",
    "Codec",
    "Lie",
    "Literals",
    "Members",
    "kind_of",
]

LONGEST_TEXT: Final = 262_144
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Lie(TypeError):
    """A value is not what the hook's signature promises."""


class Codec(Protocol):
    """Brings values of one type hint onto the wire and back; Lie when one is not of it."""

    def put(self, value: Any, slot: Value) -> None:
        """Writes the value."""
        ...

    def get(self, slot: Value) -> Any:
        """Reads it; whoever sent it is not trusted."""
        ...

    def fits(self, value: Any) -> bool:
        """Whether a union may take this member for the value."""
        ...

    def reads(self, slot: Value) -> bool:
        """Whether a union may take this member for what was sent."""
        ...


def kind_of(slot: Value) -> str:
    """Which of the message's kinds is set; "" when none is."""
    return slot.WhichOneof("kind") or ""


class _Form:
    """A value that is one field of the message."""

    def __init__(self, kind: str, *types: type) -> None:
        self._kind = kind
        self._types = types

    def fits(self, value: Any) -> bool:
        return isinstance(value, self._types)

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == self._kind

    def put(self, value: Any, slot: Value) -> None:
        if not isinstance(value, self._types):
            raise Lie(f"{type(value).__name__} instead of {self._types[0].__name__}")
        try:
            setattr(slot, self._kind, self._out(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise Lie(f"a {self._types[0].__name__} that can't be sent: {error}") from error

    def get(self, slot: Value) -> Any:
        if kind_of(slot) != self._kind:
            raise Lie(f"{kind_of(slot) or 'nothing'} instead of {self._kind}")
        return self._in(getattr(slot, self._kind))

    def _out(self, value: Any) -> Any:
        return value

    def _in(self, sent: Any) -> Any:
        return sent


class _Nothing(_Form):
    def _out(self, value: None) -> bool:
        return True

    def _in(self, sent: bool) -> None:
        return None


class _Text(_Form):
    def _out(self, value: str) -> str:
        return self._in(value)

    def _in(self, sent: str) -> str:
        if len(sent) > LONGEST_TEXT:
            raise Lie(f"a text of more than {LONGEST_TEXT} characters")
        return sent


class _Instant(_Form):
    def _out(self, value: datetime) -> int:
        if value.tzinfo is None:
            raise Lie("a datetime without time zone")
        return (value - _EPOCH) // _MICROSECOND

    def _in(self, sent: int) -> datetime:
        try:
            return _EPOCH + timedelta(microseconds=sent)
        except OverflowError as error:
            raise Lie("an instant outside of all years") from error


class _Duration(_Form):
    def _out(self, value: timedelta) -> int:
        return value // _MICROSECOND

    def _in(self, sent: int) -> timedelta:
        try:
            return timedelta(microseconds=sent)
        except OverflowError as error:
            raise Lie("a duration longer than all time") from error


class _File(_Form):
    def _out(self, value: Path) -> str:
        return str(value)

    def _in(self, sent: str) -> Path:
        return Path(sent)


class Members(_Form):
    """A member of an enumeration, sent by its name."""

    def __init__(self, members: type[Enum]) -> None:
        super().__init__("text", members)
        self._members = members

    def _out(self, value: Enum) -> str:
        return value.name

    def _in(self, sent: str) -> Enum:
        found = self._members.__members__.get(sent)
        if found is None:
            raise Lie(f"no {self._members.__name__}")
        return found


class Literals:
    """One of the texts or whole numbers that the signature lists."""

    def __init__(self, listed: tuple[str | int, ...]) -> None:
        self._listed = listed

    def fits(self, value: Any) -> bool:
        return isinstance(value, str | int) and value in self._listed

    def reads(self, slot: Value) -> bool:
        return TEXT.reads(slot) or WHOLE.reads(slot)

    def put(self, value: Any, slot: Value) -> None:
        self._check(value)
        (TEXT if isinstance(value, str) else WHOLE).put(value, slot)

    def get(self, slot: Value) -> Any:
        return self._check((TEXT if TEXT.reads(slot) else WHOLE).get(slot))

    def _check(self, value: Any) -> Any:
        if not self.fits(value):
            raise Lie(f"{str(value)[:40]!r} instead of one of {self._listed}")
        return value


NOTHING: Final = _Nothing("nothing", type(None))
TRUTH: Final = _Form("truth", bool)
WHOLE: Final = _Form("whole", int)
REAL: Final = _Form("real", float, int)
TEXT: Final = _Text("text", str)
OCTETS: Final = _Form("octets", bytes)
INSTANT: Final = _Instant("instant_micros", datetime)
DURATION: Final = _Duration("duration_micros", timedelta)
FILE: Final = _File("file", Path)
