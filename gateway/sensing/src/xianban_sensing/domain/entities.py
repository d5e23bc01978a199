"""An NGSI-LD entity: attributes under full names, whatever form and context they came in. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "LOCATION",
    "SUITE",
    "Attributes",
    "Entity",
    "Instance",
    "instant_of",
    "iso",
    "key_of",
    "point_of",
    "said",
]

# One attribute as it is kept: "type", "value" ("object", "languageMap"), "observedAt", "unitCode",
# "datasetId", "createdAt", "modifiedAt", and "attributes" with those of the attribute itself.
Instance = Mapping[str, Any]
# Full name → its instances, one per datasetId.
Attributes = Mapping[str, tuple[Instance, ...]]

LOCATION: Final = "https://uri.etsi.org/ngsi-ld/location"
# The provider of what the suite itself tells.
SUITE: Final = "xianban"
_LONGEST_INSTANT: Final = 40


@dataclass(frozen=True, slots=True)
class Entity:
    """What is known of one thing. `context` is the @context it came with, as given."""

    id: str
    types: tuple[str, ...]
    attributes: Attributes
    context: Any
    provider: str
    created_at: datetime
    modified_at: datetime

    def taking(
        self, given: Attributes, now: datetime, *, overwrite: bool = True
    ) -> tuple[Entity, tuple[str, ...]]:
        """With these attributes, and the full names of those that are new or other than before."""
        merged = dict(self.attributes)
        changed: list[str] = []
        for name, instances in given.items():
            before = merged.get(name, ())
            after = _merged(before, instances, now, overwrite=overwrite)
            if after != before:
                merged[name] = after
                changed.append(name)
        if not changed:
            return self, ()
        return replace(self, attributes=merged, modified_at=now), tuple(changed)

    def exchanging(
        self, names: Collection[str], given: Attributes, now: datetime
    ) -> tuple[Entity, tuple[str, ...]]:
        """These attributes become exactly the given ones, or go; others stay."""
        kept = {name: _still(one, given.get(name, ())) for name, one in self.attributes.items()}
        kept = {n: one if n in names else self.attributes[n] for n, one in kept.items()}
        bare = replace(self, attributes={name: one for name, one in kept.items() if one})
        after, _ = bare.taking(given, now)
        both = {*self.attributes, *after.attributes}
        changed = [n for n in both if self.attributes.get(n) != after.attributes.get(n)]
        if not changed:
            return self, ()
        return replace(after, modified_at=now), tuple(sorted(changed))

    def without(self, name: str, dataset: str | None, now: datetime) -> Entity | None:
        """Without an attribute, or only its instance of a datasetId; None when there was none.

        `dataset` None: all instances; "": the one without a datasetId.
        """
        before = self.attributes.get(name, ())
        after = tuple(one for one in before if dataset is not None and key_of(one) != dataset)
        if after == before:
            return None
        left = {key: value for key, value in self.attributes.items() if key != name}
        attributes = {**left, name: after} if after else left
        return replace(self, attributes=attributes, modified_at=now)

    def typed(self, types: Iterable[str]) -> Entity:
        """Of these types, too."""
        return replace(self, types=tuple(dict.fromkeys((*self.types, *types))))


def key_of(instance: Instance) -> str:
    """Which instance of an attribute it is; "" for the default one."""
    return str(instance.get("datasetId", ""))


def _still(before: tuple[Instance, ...], given: tuple[Instance, ...]) -> tuple[Instance, ...]:
    keys = {key_of(one) for one in given}
    return tuple(one for one in before if key_of(one) in keys)


def _merged(
    before: tuple[Instance, ...], given: tuple[Instance, ...], now: datetime, *, overwrite: bool
) -> tuple[Instance, ...]:
    kept = {key_of(one): one for one in before}
    for instance in given:
        key = key_of(instance)
        known = kept.get(key)
        if known is None:
            kept[key] = {**instance, "createdAt": iso(now), "modifiedAt": iso(now)}
        elif overwrite and said(known) != dict(instance):
            kept[key] = {**instance, "createdAt": known["createdAt"], "modifiedAt": iso(now)}
    return tuple(kept.values())


def said(instance: Instance) -> dict[str, Any]:
    """Without the system's own stamps."""
    return {k: v for k, v in instance.items() if k not in ("createdAt", "modifiedAt")}


def iso(instant: datetime) -> str:
    """A DateTime in UTC with milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_of(text: Any) -> datetime | None:
    """The instant that a DateTime tells, in UTC; None when it is none."""
    if not isinstance(text, str) or not 19 <= len(text) <= _LONGEST_INSTANT or text[10:11] != "T":
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def point_of(attributes: Attributes) -> tuple[float, float] | None:
    """Longitude and latitude, in degrees, where `location` is a point."""
    for instance in attributes.get(LOCATION, ()):
        value: Any = instance.get("value")
        if instance.get("type") == "GeoProperty" and value.get("type") == "Point":
            return float(value["coordinates"][0]), float(value["coordinates"][1])
    return None
