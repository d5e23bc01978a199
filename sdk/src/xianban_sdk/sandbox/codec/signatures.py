"""From a domain's hookspecs to the forms of what its hooks take and give."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, cast

from xianban_sdk.sandbox.codec import forms
from xianban_sdk.sandbox.codec.collections import Choice, Entries, Items, Numbers, Record, Row
from xianban_sdk.sandbox.codec.forms import Codec
from xianban_sdk.sandbox.codec.things import ThingCodec, Things

__all__ = ["Domain", "Kind", "NoForm", "Signature"]

_FORMS: Final[dict[Any, Codec]] = {
    type(None): forms.NOTHING,
    None: forms.NOTHING,
    bool: forms.TRUTH,
    int: forms.WHOLE,
    float: forms.REAL,
    str: forms.TEXT,
    bytes: forms.OCTETS,
    datetime: forms.INSTANT,
    timedelta: forms.DURATION,
    Path: forms.FILE,
}
# Made of a list; None: a sequence of whichever kind it was.
_SEQUENCES: Final[dict[Any, Callable[[Any], Any] | None]] = {
    list: list,
    tuple: tuple,
    Sequence: None,
    frozenset: frozenset,
    set: set,
    AbstractSet: frozenset,
}
_STREAMS: Final = (Iterator, Iterable)
# Shapes that several domains' hookspecs name as theirs.
_PUBLIC: Final = "xianban_sdk.public."
_PACKED: Final[dict[Any, str]] = {int: "wholes", float: "reals"}


class NoForm(TypeError):
    """A type hint that has no form on the wire: its hook works in process only."""


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a hook or a method takes and gives."""

    names: tuple[str, ...]
    arguments: tuple[Codec, ...]
    returns: Codec
    streams: bool
    """The answer is an iterator of what ``returns`` says."""
    callable: inspect.Signature

    def taking(self, names: Sequence[str]) -> Signature:
        """The same for an implementation that takes only these, in its own order."""
        forms = dict(zip(self.names, self.arguments, strict=True))
        wanted = tuple(forms[name] for name in names)
        return dataclasses.replace(self, names=tuple(names), arguments=wanted)


@dataclasses.dataclass(frozen=True, eq=False)
class Kind:
    """A protocol of the hookspecs."""

    protocol: type
    domain: Domain

    @property
    def name(self) -> str:
        return self.protocol.__name__

    @cached_property
    def attributes(self) -> dict[str, Codec]:
        """The data that an object of this kind has, read once."""
        hints = typing.get_type_hints(self.protocol)
        return {name: self.domain.codec(hint) for name, hint in hints.items()}

    @cached_property
    def methods(self) -> dict[str, Signature]:
        """The calls that it answers."""
        members = vars(self.protocol).items()
        return {
            name: self.domain.signature(member, bound=True)
            for name, member in members
            if inspect.isfunction(member) and not name.startswith("_")
        }

    def lacks(self, thing: object) -> str:
        """The first member that an object has not, "" when it is of this kind."""
        members = (*typing.get_type_hints(self.protocol), *self.methods)
        return next((name for name in members if not hasattr(thing, name)), "")


class Domain:
    """The hooks of a domain, each with the forms of its arguments and its answer."""

    def __init__(self, hookspecs: Any, things: Things, *, drops_unknown: bool = False) -> None:
        self._hookspecs = hookspecs
        self._things = things
        # Fields that a dataclass has elsewhere, and not here: else they are a lie.
        self._drops_unknown = drops_unknown
        self._records: dict[type, Record] = {}
        self._signatures: dict[str, Signature] = {}
        self._brought: dict[str, list[Kind]] = {}

    def hook(self, name: str) -> Signature:
        """The hook's forms; NoForm when something in its signature has none."""
        if name not in self._signatures:
            self._signatures[name] = self.signature(getattr(self._hookspecs, name))
        return self._signatures[name]

    @cached_property
    def kinds(self) -> dict[type, Kind]:
        """The protocols that the hookspecs define, or take from the SDK's public shapes."""
        members = cast("dict[str, Any]", vars(self._hookspecs)).values()
        here = self._hookspecs.__name__
        return {one: Kind(one, self) for one in members if _is_protocol(one, here)}

    def brought_by(self, hook: str) -> list[Kind]:
        """The kinds that a hook brings, then the others: two may have methods of one name."""
        if hook not in self._brought:
            named = _named_in(typing.get_type_hints(getattr(self._hookspecs, hook))["return"])
            kinds = sorted(self.kinds.values(), key=lambda kind: kind.protocol not in named)
            self._brought[hook] = kinds
        return self._brought[hook]

    def signature(self, function: Callable[..., Any], *, bound: bool = False) -> Signature:
        """The forms of a function's hints; of a method, without its object."""
        name = getattr(function, "__name__", "?")
        try:
            hints = typing.get_type_hints(function)
        except NameError as error:
            raise NoForm(f"{name}: {error}") from error
        plain = inspect.signature(function)
        parameters = list(plain.parameters.values())[1 if bound else 0 :]
        untyped = [one.name for one in parameters if one.name not in hints]
        if untyped or "return" not in hints:
            raise NoForm(f"{name}: {(*untyped, 'its answer')[0]} has no type")
        returns = hints["return"]
        streams = typing.get_origin(returns) in _STREAMS
        return Signature(
            names=tuple(one.name for one in parameters),
            arguments=tuple(self.codec(hints[one.name]) for one in parameters),
            returns=self.codec(typing.get_args(returns)[0] if streams else returns),
            streams=streams,
            callable=plain.replace(parameters=parameters),
        )

    def codec(self, hint: Any) -> Codec:
        """The form of a type hint."""
        if hint in _FORMS:
            return _FORMS[hint]
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments)
        if origin is Literal:
            return forms.Literals(arguments)
        if origin in _SEQUENCES:
            return self._sequence(origin, arguments)
        if origin in (dict, Mapping) and arguments[0] is str:
            return Entries(self.codec(arguments[1]))
        if isinstance(hint, type):
            return self._class(cast("type[Any]", hint))
        raise NoForm(f"{hint} has no form on the wire")

    def _union(self, members: tuple[Any, ...]) -> Codec:
        kinds = [self.kinds[one] for one in members if one in self.kinds]
        plain = [self.codec(one) for one in members if one not in self.kinds]
        return Choice([*plain, self._thing(kinds)] if kinds else plain)

    def _sequence(self, origin: Any, arguments: tuple[Any, ...]) -> Codec:
        made, endless = _SEQUENCES[origin], arguments[1:] in ((), (Ellipsis,))
        if not endless and set(arguments) == {float}:
            return Numbers("reals", _of_length(len(arguments)), tuple)
        if not endless:
            return Row([self.codec(one) for one in arguments])
        if arguments[0] in _PACKED and origin not in (set, frozenset, AbstractSet):
            return Numbers(_PACKED[arguments[0]], made, origin)
        return Items(self.codec(arguments[0]), made, origin)

    def _class(self, hint: type[Any]) -> Codec:
        if hint in self.kinds:
            return self._thing([self.kinds[hint]])
        if issubclass(hint, Enum):
            return forms.Members(hint)
        if dataclasses.is_dataclass(hint):
            return self._record(hint)
        raise NoForm(f"{hint.__name__} has no form on the wire")

    def _record(self, hint: type) -> Record:
        if hint not in self._records:
            self._records[hint] = made = Record(hint, drops_unknown=self._drops_unknown)
            hints = typing.get_type_hints(hint)
            names = [one.name for one in dataclasses.fields(cast("Any", hint))]
            made.complete({name: self.codec(hints[name]) for name in names})
        return self._records[hint]

    def _thing(self, wanted: list[Kind]) -> ThingCodec:
        optional = [
            kind
            for one, kind in self.kinds.items()
            if getattr(one, "_is_runtime_protocol", False) and kind not in wanted
        ]
        return ThingCodec(wanted, optional, self._things)


def _named_in(hint: Any) -> set[type]:
    own = {hint} if isinstance(hint, type) else set[type]()
    return own.union(*(_named_in(one) for one in typing.get_args(hint)))


def _is_protocol(one: Any, module: str) -> bool:
    # `Protocol` itself is imported there, too.
    if not getattr(one, "_is_protocol", False):
        return False
    return one.__module__ == module or one.__module__.startswith(_PUBLIC)


def _of_length(length: int) -> Callable[[list[Any]], Any]:
    def made(values: list[Any]) -> tuple[Any, ...]:
        if len(values) != length:
            raise TypeError(f"{len(values)} numbers instead of {length}")
        return tuple(values)

    return made
