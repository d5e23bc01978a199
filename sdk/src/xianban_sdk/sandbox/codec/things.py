"""Capabilities on the wire: the object stays with the plugin, the host calls its methods there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from xianban.plugin.v1.plugin_pb2 import Value

from xianban_sdk.sandbox.codec.forms import Codec, Lie, kind_of

if TYPE_CHECKING:
    from xianban_sdk.sandbox.codec.signatures import Kind

__all__ = ["ThingCodec", "Things"]


class Things(Protocol):
    """Where capabilities are kept (in the plugin) or stood in for (in the host)."""

    def keep(self, thing: object) -> int:
        """Remembers an object; its place among those of the same answer."""
        ...

    def stand_in(self, index: int, kinds: Sequence[Kind], attributes: Mapping[str, Any]) -> object:
        """An object with the attributes, whose methods are called in the plugin."""
        ...


class ThingCodec:
    """An object that fulfils one of the wanted protocols, and perhaps optional ones besides."""

    def __init__(self, wanted: Sequence[Kind], optional: Sequence[Kind], things: Things) -> None:
        self._wanted = wanted
        self._known = {kind.name: kind for kind in (*wanted, *optional)}
        self._things = things

    def fits(self, value: Any) -> bool:
        return any(not kind.lacks(value) for kind in self._wanted)

    def reads(self, slot: Value) -> bool:
        return kind_of(slot) == "thing"

    def put(self, value: Any, slot: Value) -> None:
        if not self.fits(value):
            first = self._wanted[0]
            raise Lie(f"{type(value).__name__} is no {first.name}: lacks {first.lacks(value)}")
        found = [kind for kind in self._known.values() if not kind.lacks(value)]
        slot.thing.index = self._things.keep(value)
        slot.thing.kinds.extend(kind.name for kind in found)
        for name, codec in _attributes(found).items():
            codec.put(getattr(value, name), slot.thing.attributes[name])

    def get(self, slot: Value) -> Any:
        if kind_of(slot) != "thing":
            raise Lie(f"{kind_of(slot) or 'nothing'} instead of {self._wanted[0].name}")
        sent = slot.thing
        kinds = [self._known[name] for name in sent.kinds if name in self._known]
        if not any(kind in self._wanted for kind in kinds):
            raise Lie(f"no {self._wanted[0].name}")
        expected = _attributes(kinds)
        if expected.keys() != sent.attributes.keys():
            raise Lie(f"a {kinds[0].name} with other attributes than it has")
        attributes = {name: codec.get(sent.attributes[name]) for name, codec in expected.items()}
        return self._things.stand_in(sent.index, kinds, attributes)


def _attributes(kinds: Sequence[Kind]) -> dict[str, Codec]:
    return {name: codec for kind in kinds for name, codec in kind.attributes.items()}
