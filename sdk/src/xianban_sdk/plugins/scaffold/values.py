"""Python expressions for values of a type: what a scaffold answers, and what its tests ask with."""

from __future__ import annotations

import dataclasses
import enum
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from xianban_sdk.plugins.scaffold.reading import Attribute, Method, plain

__all__ = ["answer", "attribute_value", "call_lines", "sample"]

# Ids that must be the plugin's own, whatever example the hookspecs give.
_OWN: Final = frozenset({"id", "model", "key"})
_SIMPLE: Final[Mapping[type, str]] = {
    str: '"text"',
    bytes: 'b"{}"',
    bool: "False",
    int: "1",
    float: "0.5",
    datetime: "NOW",
    timedelta: "timedelta(minutes=5)",
    Path: 'Path("file")',
}
_EMPTY: Final[Mapping[Any, str]] = {
    list: "[]",
    tuple: "()",
    frozenset: "frozenset()",
    typing.get_origin(Mapping[str, str]): "{}",
    typing.get_origin(typing.Sequence[str]): "()",
}
_QUOTED: Final = re.compile(r'"([a-z][a-z0-9/-]*)"')


def attribute_value(attribute: Attribute, own_id: str, package: str) -> str:
    """A value to begin with; ids are the plugin's, words are the first that the docs quote."""
    if attribute.name in _OWN:
        return f'"{own_id}"'
    if attribute.name == "package":
        return f'"{package}"'
    if attribute.name == "version":
        return '"0.1.0"'
    hint = plain(attribute.hint)
    if hint is str:
        found = _QUOTED.search(attribute.doc)
        return f'"{found.group(1)}"' if found else '""'
    return sample(hint)


def sample(hint: Any, name: str = "") -> str:
    """An expression of that type, on one line."""
    hint = plain(hint)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin = typing.get_origin(hint)
    if origin is Literal:
        return f'"{typing.get_args(hint)[0]}"'
    if dataclasses.is_dataclass(hint):
        return name.upper()
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"{hint.__name__}.{next(iter(hint)).name}"
    return _EMPTY.get(origin, "None")


def call_lines(hint: type) -> Iterator[str]:
    """The lines of a dataclass's construction, as a formatter leaves them."""
    hints = typing.get_type_hints(hint)
    yield f"{hint.__name__}("
    for item in dataclasses.fields(hint):
        if _needed(item):
            yield f"    {item.name}={sample(hints[item.name], item.name)},"
    yield ")"


def answer(method: Method) -> str | None:
    """The statement that answers honestly while nothing is written; None: there is none.

    Whoever cannot prove itself is refused, lists are empty, questions answered no. What would
    claim that something was done (sent, paid, drawn) is not answered at all.
    """
    if "PermissionError" in method.doc:
        return 'raise PermissionError("no signature is checked yet")'
    hint = method.hints.get("return")
    if plain(hint) is not hint:
        return "return None"
    origin = typing.get_origin(hint)
    if origin in (typing.get_origin(Iterator[int]), typing.get_origin(Iterable[int])):
        return "return iter(())"
    if hint is bool or origin in _EMPTY:
        return f"return {sample(hint)}"
    return _handed_through(hint, method) if dataclasses.is_dataclass(hint) else None


def _handed_through(hint: Any, method: Method) -> str | None:
    """A dataclass whose every needed field came with the question, under the same name."""
    found: list[str] = []
    for item in filter(_needed, dataclasses.fields(hint)):
        source = next((p for p, h in method.parameters.items() if _has(h, item.name)), None)
        if source is None:
            return None
        found.append(f"{item.name}={source}.{item.name}")
    return f"return {hint.__name__}({', '.join(found)})" if found else None


def _has(hint: Any, name: str) -> bool:
    return dataclasses.is_dataclass(hint) and name in {f.name for f in dataclasses.fields(hint)}


def _needed(item: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return item.default is missing and item.default_factory is missing
