"""The query language `q` (ETSI GS CIM 009, 4.9), the part of it that is read here. Pure.

    speed>50;brandName!="Mercedes"            ; is and, | is or, parentheses group
    address[addressLocality]=="奉贤"           inside of a value
    temperature.accuracy<=0.5                  an inner attribute, observedAt, unitCode, datasetId
    availableSpotNumber==1..20, status==a,b    ranges and lists, with == alone
    occupancyModified>=2026-11-29T07:00:00Z    instants
    refDevice                                  it is there at all

Patterns (`~=`, `!~=`) and linked entities are not read.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from xianban_sensing.domain.contexts import Context
from xianban_sensing.domain.entities import instant_of
from xianban_sensing.domain.leaves import Leaf
from xianban_sensing.domain.refusals import RefusedError

__all__ = ["And", "Node", "Or", "Term", "Value", "holds", "read_query"]

LONGEST: Final = 2000
MOST_TERMS: Final = 20
_DEEPEST: Final = 5
_OPERATORS: Final = ("==", "!=", ">=", "<=", ">", "<")
_INNER: Final = frozenset({"observedAt", "unitCode", "datasetId"})

Value = float | str | bool | datetime


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; without an operator: that the value is there.

    `upto`: the end of a range that begins with the only one of `values`.
    """

    attribute: str
    path: str
    operator: str = ""
    values: tuple[Value, ...] = ()
    upto: Value | None = None


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them at least."""

    parts: tuple[Node, ...]


Node = Term | And | Or


def holds(node: Node, leaves: Sequence[Leaf]) -> bool:
    """Whether an entity with these values is meant."""
    if isinstance(node, And):
        return all(holds(part, leaves) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, leaves) for part in node.parts)
    there = [leaf for leaf in leaves if (leaf.attribute, leaf.path) == (node.attribute, node.path)]
    if node.operator == "!=":
        return bool(there) and not any(_is(leaf, node) for leaf in there)
    return any(not node.operator or _is(leaf, node) for leaf in there)


# Both sides are of one kind: see `_side`.
_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _is(leaf: Leaf, term: Term) -> bool:
    if term.upto is not None:
        return _compared(leaf, ">=", term.values[0]) and _compared(leaf, "<=", term.upto)
    return any(_compared(leaf, term.operator, value) for value in term.values)


def _compared(leaf: Leaf, sign: str, value: Value) -> bool:
    held = _side(leaf, value)
    if held is None:
        return False
    if sign in ("==", "!="):
        return held == value
    return not isinstance(value, bool) and _ORDERS[sign](held, value)


def _side(leaf: Leaf, value: Value) -> Value | None:
    """What of a leaf is compared with such a value."""
    if isinstance(value, bool):
        return leaf.truth
    if isinstance(value, float):
        return leaf.number
    return leaf.instant if isinstance(value, datetime) else leaf.text


def read_query(text: str, context: Context) -> Node:
    """The query, with attributes in full."""
    if len(text) > LONGEST:
        raise RefusedError("QUERY_TOO_COMPLEX", "q")
    if "\x00" in text:
        raise RefusedError("QUERY_MALFORMED", "q")
    reader = _Reader(text, context)
    node = reader.either(0)
    reader.ended()
    return node


class _Reader:
    """Reads from left to right; `;` binds stronger than `|`."""

    def __init__(self, text: str, context: Context) -> None:
        self._text = text
        self._at = 0
        self._context = context
        self._terms = 0

    def either(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._take("|"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def ended(self) -> None:
        if self._at < len(self._text):
            raise RefusedError("QUERY_MALFORMED", "q")

    def _all(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while self._take(";"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, depth: int) -> Node:
        if not self._take("("):
            return self._term()
        if depth >= _DEEPEST:
            raise RefusedError("QUERY_TOO_COMPLEX", "q")
        node = self.either(depth + 1)
        if not self._take(")"):
            raise RefusedError("QUERY_MALFORMED", "q")
        return node

    def _term(self) -> Term:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise RefusedError("QUERY_TOO_COMPLEX", "q")
        attribute, path = self._target()
        if self._take("~=") or self._take("!~="):
            raise RefusedError("NOT_SUPPORTED", "q")
        sign = next((one for one in _OPERATORS if self._take(one)), "")
        if not sign:
            return Term(attribute, path)
        values = [self._value()]
        if sign == "==" and self._take(".."):
            return _range(attribute, path, values[0], self._value())
        while sign in ("==", "!=") and self._take(","):
            values.append(self._value())
        return Term(attribute, path, sign, tuple(values))

    def _target(self) -> tuple[str, str]:
        """The attribute in full, and the path as a leaf has it."""
        names = self._until("=!<>~;|()[").strip()
        inside = self._until("]") if self._take("[") else ""
        if inside and not self._take("]"):
            raise RefusedError("QUERY_MALFORMED", "q")
        # A full name has dots of its own: then there are no inner attributes.
        whole = "://" in names
        first, *inner = [names] if whole else names.split(".")
        if not first or not all(inner):
            raise RefusedError("QUERY_MALFORMED", "q")
        steps = "".join(f".{n if n in _INNER else self._context.expand(n)}" for n in inner)
        return self._context.expand(first), steps + (f"[{inside}]" if inside else "")

    def _value(self) -> Value:
        if self._take('"'):
            return self._quoted()
        word = self._word()
        if not word:
            raise RefusedError("QUERY_MALFORMED", "q")
        return _meaning(word)

    def _quoted(self) -> str:
        found = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                return found
            if char == "\\" and self._at < len(self._text):
                char = self._text[self._at]
                self._at += 1
            found += char
        raise RefusedError("QUERY_MALFORMED", "q")

    def _word(self) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ";|(),":
            if self._text.startswith("..", self._at):
                break
            self._at += 1
        return self._text[start : self._at]

    def _until(self, ends: str) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ends:
            self._at += 1
        return self._text[start : self._at]

    def _take(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True


def _range(attribute: str, path: str, start: Value, end: Value) -> Term:
    if type(start) is not type(end) or isinstance(start, bool):
        raise RefusedError("QUERY_MALFORMED", "q")
    return Term(attribute, path, "==", (start,), end)


def _meaning(word: str) -> Value:
    """A number, a truth or an instant where it looks like one; else text."""
    if word in ("true", "false"):
        return word == "true"
    instant = instant_of(word)
    if instant is not None:
        return instant
    return _number(word)


def _number(word: str) -> float | str:
    bare = word.lstrip("+-")
    if len(word) > 40 or not bare[:1].isascii() or not bare[:1].isdigit() or "_" in word:
        return word
    try:
        return float(word)
    except ValueError:
        return word
