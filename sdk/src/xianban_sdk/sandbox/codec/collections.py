"""Values made of values: sequences, sets, mappings, dataclasses and unions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, cast

from xianban.plugin.v1.plugin_pb2 import Value

from xianban_sdk.sandbox.codec.forms import LONGEST_TEXT, NOTHING, Codec, Lie, kind_of

__all__ = ["MOST_ITEMS", "Choice", "Entries", "Items", "Numbers", "Record", "Row"]

MOST_ITEMS: Final = 100_000


def _counted(count: int) -> int:
    if count > MOST_ITEMS:
        raise Lie(f"more than {MOST_ITEMS} items")
    return count


class _Of:
    """A collection of one Python type; texts are sequences too, but never meant as such."""

    def __init__(self, made: Callable[[Any], Any] | None, *types: type) -> None:
        self._made = made
        self._types = types

    def fits(self, value: Any) -> bool:
        return isinstance(value, self._types) and not isinstance(value, str | bytes)

    def _check(self, value: Any) -> Collection[Any]:
        if not self.fits(value):
            raise Lie(f"{type(value).__name__} instead of {self._types[0].__name__}")
        _counted(len(value))
        return cast("Collection[Any]", value)

    def _rebuilt(self, values: list[Any], *, fixed: bool) -> Any:
        if self._made is None:
            return tuple(values) if fixed else values
        try:
            return self._made(values)
        except TypeError as error:
            raise Lie(str(error)) from error


class Items(_Of):
    """Sequences and sets; ``made`` None: a sequence of whichever kind it was."""

    def __init__(self, item: Codec, made: Callable[[Any], Any] | None, *types: type) -> None:
        super().__init__(made, *types)
        self._item = item

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == "items"

    def put(self, value: Any, slot: Value) -> None:
        found = self._check(value)
        slot.items.fixed = isinstance(value, tuple)
        add, put = slot.items.values.add, self._item.put
        for one in found:
            put(one, add())

    def get(self, slot: Value) -> Any:
        if kind_of(slot) != "items":
            raise Lie(f"{kind_of(slot) or 'nothing'} instead of items")
        sent = slot.items
        _counted(len(sent.values))
        get = self._item.get
        return self._rebuilt([get(one) for one in sent.values], fixed=sent.fixed)


class Numbers(_Of):
    """A sequence of numbers alone, packed: an hour of acceleration is one field."""

    def __init__(self, kind: str, made: Callable[[Any], Any] | None, *types: type) -> None:
        super().__init__(made, *types)
        self._kind = kind
        self._number = (int,) if kind == "wholes" else (int, float)

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == self._kind

    def put(self, value: Any, slot: Value) -> None:
        found = self._check(value)
        if not all(isinstance(one, self._number) for one in found):
            raise Lie(f"something else than numbers among {self._kind}")
        packed = getattr(slot, self._kind)
        packed.fixed = isinstance(value, tuple)
        try:
            packed.values.extend(found)
        except (ValueError, OverflowError) as error:
            raise Lie(f"a number that can't be sent: {error}") from error

    def get(self, slot: Value) -> Any:
        if kind_of(slot) != self._kind:
            raise Lie(f"{kind_of(slot) or 'nothing'} instead of {self._kind}")
        packed = getattr(slot, self._kind)
        _counted(len(packed.values))
        return self._rebuilt(list(packed.values), fixed=packed.fixed)


class Row:
    """A tuple of a fixed length with a form for each place."""

    def __init__(self, places: Sequence[Codec]) -> None:
        self._places = places

    def fits(self, value: Any) -> bool:
        return isinstance(value, tuple) and len(cast("tuple[Any, ...]", value)) == len(self._places)

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == "items"

    def put(self, value: Any, slot: Value) -> None:
        if not self.fits(value):
            raise Lie(f"{type(value).__name__} instead of a tuple of {len(self._places)}")
        slot.items.fixed = True
        for place, one in zip(self._places, value, strict=True):
            place.put(one, slot.items.values.add())

    def get(self, slot: Value) -> Any:
        if not self.reads(slot) or len(slot.items.values) != len(self._places):
            raise Lie(f"no tuple of {len(self._places)}")
        sent = slot.items.values
        return tuple(place.get(one) for place, one in zip(self._places, sent, strict=True))


class Entries:
    """A mapping from texts."""

    def __init__(self, item: Codec) -> None:
        self._item = item

    def fits(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == "entries"

    def put(self, value: Any, slot: Value) -> None:
        if not isinstance(value, Mapping):
            raise Lie(f"{type(value).__name__} instead of a mapping")
        found = cast("Mapping[Any, Any]", value)
        _counted(len(found))
        slot.entries.SetInParent()
        for name, one in found.items():
            if not isinstance(name, str):
                raise Lie("a key that is no text")
            self._item.put(one, slot.entries.values[name])

    def get(self, slot: Value) -> Any:
        if kind_of(slot) != "entries":
            raise Lie(f"{kind_of(slot) or 'nothing'} instead of entries")
        sent = slot.entries.values
        _counted(len(sent))
        if any(len(name) > LONGEST_TEXT for name in sent):
            raise Lie("a key without end")
        return {name: self._item.get(one) for name, one in sent.items()}


class Record:
    """A dataclass; its fields come later, so that a class may hold itself."""

    def __init__(self, made: type, *, drops_unknown: bool = False) -> None:
        self._made = made
        self._drops_unknown = drops_unknown
        self._fields: list[tuple[str, Codec, Any]] = []
        self._required: list[str] = []

    def complete(self, codecs: Mapping[str, Codec]) -> None:
        """Gives each field of the constructor its form."""
        for one in dataclasses.fields(self._made):
            if not one.init:
                continue
            default = one.default
            if one.default_factory is not dataclasses.MISSING:
                default = one.default_factory()
            if default is dataclasses.MISSING:
                self._required.append(one.name)
            self._fields.append((one.name, codecs[one.name], default))
        self._known = {name: codec for name, codec, _ in self._fields}

    def fits(self, value: Any) -> bool:
        return type(value) is self._made

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == "record" and slot.record.type == self._made.__name__

    def put(self, value: Any, slot: Value) -> None:
        if not isinstance(value, self._made):
            raise Lie(f"{type(value).__name__} instead of {self._made.__name__}")
        slot.record.type = self._made.__name__
        sent = slot.record.fields
        for name, codec, default in self._fields:
            one = getattr(value, name)
            if one is default or (type(one) is type(default) and one == default):
                continue
            try:
                codec.put(one, sent[name])
            except Lie as lie:
                raise Lie(f"{self._made.__name__}.{name}: {lie}") from lie

    def get(self, slot: Value) -> Any:
        if not self.reads(slot):
            raise Lie(f"{kind_of(slot) or 'nothing'} instead of {self._made.__name__}")
        found: dict[str, Any] = {}
        for name, one in slot.record.fields.items():
            codec = self._known.get(name)
            if codec is None and self._drops_unknown:
                continue
            if codec is None:
                raise Lie(f"{self._made.__name__} has no field {name[:40]!r}")
            found[name] = codec.get(one)
        missing = [name for name in self._required if name not in found]
        if missing:
            raise Lie(f"{self._made.__name__} without {missing[0]}")
        try:
            return self._made(**found)
        except (TypeError, ValueError) as error:
            # Its own checks; the class is the host's.
            raise Lie(f"{self._made.__name__}: {error}") from error


class Choice:
    """A union: the first member that fits."""

    def __init__(self, members: Sequence[Codec]) -> None:
        # None is asked for first: it is what is mostly sent where it may be.
        self._members = sorted(members, key=lambda one: one is not NOTHING)

    def fits(self, value: Any) -> bool:
        return any(one.fits(value) for one in self._members)

    def reads(self, slot: Value) -> bool:
        return any(one.reads(slot) for one in self._members)

    def put(self, value: Any, slot: Value) -> None:
        for one in self._members:
            if one.fits(value):
                one.put(value, slot)
                return
        raise Lie(f"{type(value).__name__} is none of what may be here")

    def get(self, slot: Value) -> Any:
        for one in self._members:
            if one.reads(slot):
                return one.get(slot)
        raise Lie(f"{kind_of(slot) or 'nothing'} is none of what may be here")
