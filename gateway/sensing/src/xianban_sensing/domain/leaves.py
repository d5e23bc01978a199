"""The single values of an attribute, as a query's terms name them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from xianban_sensing.domain.documents import HOLDS
from xianban_sensing.domain.entities import Attributes, Instance, instant_of
from xianban_sensing.domain.refusals import RefusedError

__all__ = ["Leaf", "leaves_of"]

# In bytes, so that an index holds both beside a name. Longer texts are not compared; that they are
# there is known.
LONGEST_TEXT: Final = 1000
_LONGEST_PATH: Final = 600
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value. `path` is "" for the attribute's own, ".name" per inner attribute, "[a.b]" inside
    of a value: "[street]", ".accuracy", ".address[street]"."""

    attribute: str
    path: str
    number: float | None = None
    text: str | None = None
    instant: datetime | None = None
    truth: bool | None = None


def leaves_of(attributes: Attributes) -> list[Leaf]:
    """Every value of every attribute; each attribute has one at least.

    A key with NUL is left out: no database takes it, and no query can name it.
    """
    found = [
        replace(leaf, attribute=name)
        for name, instances in attributes.items()
        for instance in instances
        for leaf in _of_instance(instance, "")
        if "\x00" not in leaf.path
    ]
    if len(found) > _MOST or any(len(leaf.path.encode()) > _LONGEST_PATH for leaf in found):
        raise RefusedError("DOCUMENT_TOO_LARGE")
    return found


def _of_instance(instance: Instance, path: str) -> Iterator[Leaf]:
    held = instance[HOLDS[instance["type"]]]
    if instance["type"] == "GeoProperty":
        yield Leaf("", path)
    elif instance["type"] == "LanguageProperty":
        yield from _of_languages(held, path)
    else:
        yield from _of_value(held, path, "")
    for name in ("observedAt", "unitCode", "datasetId"):
        if name in instance:
            yield _single(instance[name], f"{path}.{name}")
    inner: Mapping[str, Instance] = instance.get("attributes", {})
    for name, one in inner.items():
        yield from _of_instance(one, f"{path}.{name}")


def _of_languages(words: Mapping[str, str], path: str) -> Iterator[Leaf]:
    for language, text in words.items():
        yield _single(text, path)
        yield _single(text, f"{path}[{language}]")


def _of_value(value: Any, path: str, trail: str) -> Iterator[Leaf]:
    here = f"{path}[{trail}]" if trail else path
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if "@value" in given:  # a typed literal of JSON-LD
            yield _single(given["@value"], here)
            return
        yield Leaf("", here)
        for key, inner in given.items():
            yield from _of_value(inner, path, f"{trail}.{key}" if trail else key)
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        yield from _of_list(items, path, trail, here)
    else:
        yield _single(value, here)


def _of_list(items: Iterable[Any], path: str, trail: str, here: str) -> Iterator[Leaf]:
    yield Leaf("", here)
    for one in items:
        yield from _of_value(one, path, trail)


def _single(value: Any, path: str) -> Leaf:
    if isinstance(value, bool):
        return Leaf("", path, truth=value)
    if isinstance(value, int | float):
        return Leaf("", path, number=float(value))
    if isinstance(value, str) and "\x00" not in value and len(value.encode()) <= LONGEST_TEXT:
        return Leaf("", path, text=value, instant=instant_of(value))
    return Leaf("", path)
