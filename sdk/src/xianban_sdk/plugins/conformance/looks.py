"""What can be seen of an answer without knowing its domain."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final, cast

from xianban_sdk.i18n import LOCALES

__all__ = ["unlocalised", "with_markup"]

_MARKUP: Final = re.compile(r"<[a-zA-Z/!][^<>]{0,200}>|&#?[a-zA-Z0-9]{2,10};")
_BY_LOCALE: Final = frozenset({"names", "display"})
_DEEPEST: Final = 12


def with_markup(value: Any) -> Iterator[str]:
    """Texts that a page would have to defuse."""
    for _, leaf in _leaves(value, ""):
        if isinstance(leaf, str) and _MARKUP.search(leaf[:10_000]):
            yield leaf


def unlocalised(value: Any) -> Iterator[str]:
    """Locales that names lack."""
    for name, leaf in _leaves(value, ""):
        if name in _BY_LOCALE and isinstance(leaf, Mapping):
            yield from (one for one in LOCALES if one not in leaf)


def _leaves(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything inside, with the field it is in."""
    yield name, value
    if depth == _DEEPEST:
        return
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for item in dataclasses.fields(value):
            yield from _leaves(getattr(value, item.name), item.name, depth + 1)
    elif isinstance(value, Mapping):
        for key, one in cast("Mapping[Any, Any]", value).items():
            yield from _leaves(one, str(key), depth + 1)
    elif isinstance(value, Sequence | Set) and not isinstance(value, str | bytes):
        for one in cast("Sequence[Any]", value):
            yield from _leaves(one, name, depth + 1)
