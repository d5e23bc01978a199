"""Reads NGSI-LD documents: normalized, concise and simplified (keyValues) attributes alike. Pure.

An object is an attribute when its `type` is one of the kinds of attribute, or when it has `value`,
`object` or `languageMap`; a GeoJSON geometry is a GeoProperty's value; everything else is the
value of a Property (ETSI GS CIM 009, 4.5.1 to 4.5.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from xianban_sensing.domain.contexts import Context
from xianban_sensing.domain.entities import Attributes, Instance, instant_of
from xianban_sensing.domain.geometries import is_geometry
from xianban_sensing.domain.refusals import RefusedError

__all__ = ["HOLDS", "is_id", "is_short", "read_attributes", "read_id", "read_types"]

Json = dict[str, Any]

# Kind of attribute → the member that holds what it says.
HOLDS: Final = {
    "Property": "value",
    "GeoProperty": "value",
    "Relationship": "object",
    "LanguageProperty": "languageMap",
}
_UNREAD_KINDS: Final = frozenset(
    {"VocabProperty", "JsonProperty", "ListProperty", "ListRelationship", "TemporalProperty"}
)
_OWN: Final = frozenset({"id", "type", "@context", "createdAt", "modifiedAt", "@id", "@type"})
_MEMBERS: Final = frozenset(
    {
        "type",
        "value",
        "object",
        "languageMap",
        "observedAt",
        "unitCode",
        "datasetId",
        "instanceId",
        "createdAt",
        "modifiedAt",
    }
)
_UNREAD: Final = frozenset({"scope"})
# What may not stand in a name (4.6.2), nor in a URI.
_FORBIDDEN: Final = frozenset("<>\"'=;()")
# In bytes, so that an index of either database holds them side by side.
_LONGEST_ID: Final = 500
_LONGEST_NAME: Final = 250
_MOST_TYPES: Final = 5
_MOST_ATTRIBUTES: Final = 300
_DEEPEST: Final = 3
_DEEPEST_VALUE: Final = 20


def read_id(document: Mapping[str, Any]) -> str:
    """The entity's id, a URI."""
    found = document.get("id", document.get("@id"))
    if not is_id(found):
        raise RefusedError("ENTITY_ID_MALFORMED", "id")
    return cast(str, found)


def is_id(value: Any) -> bool:
    """Whether it is a URI with a scheme, without spaces and brackets."""
    if not isinstance(value, str) or not is_short(value) or not value.isprintable():
        return False
    scheme, colon, rest = value.partition(":")
    plain = scheme.replace("+", "").replace("-", "").replace(".", "")
    named = scheme[:1].isalpha() and plain.isalnum() and plain.isascii()
    return bool(colon and rest and named) and not (set(value) & {*' <>"{}|\\^`'})


def read_types(document: Mapping[str, Any], context: Context) -> tuple[str, ...]:
    """The entity's types in full, one to five."""
    given: Any = document.get("type", document.get("@type"))
    names = cast("list[Any]", given) if isinstance(given, list) else [given]
    if not 0 < len(names) <= _MOST_TYPES or not all(_is_name(name) for name in names):
        raise RefusedError("ENTITY_TYPE_MALFORMED", "type")
    found = tuple(dict.fromkeys(context.expand(name) for name in names))
    if not all(is_short(one) for one in found):
        raise RefusedError("ENTITY_TYPE_MALFORMED", "type")
    return found


def is_short(name: str) -> bool:
    """Whether an id, or a name in full, can be kept."""
    return len(name) <= _LONGEST_ID and len(name.encode()) <= _LONGEST_ID


def read_attributes(document: Mapping[str, Any], context: Context) -> Attributes:
    """All attributes in full, without what the system itself writes."""
    found: dict[str, tuple[Instance, ...]] = {}
    for name, given in document.items():
        if name in _OWN:
            continue
        _checked_name(name)
        if not is_short(context.expand(name)):
            raise RefusedError("ATTRIBUTE_NAME_MALFORMED", name)
        instances = tuple(_instances(name, given, context))
        if len({one.get("datasetId", "") for one in instances}) < len(instances):
            raise RefusedError("ATTRIBUTE_MALFORMED", name)
        found[context.expand(name)] = instances
    if len(found) > _MOST_ATTRIBUTES:
        raise RefusedError("DOCUMENT_TOO_LARGE")
    return found


def _checked_name(name: str) -> None:
    if name in _UNREAD:
        raise RefusedError("NOT_SUPPORTED", name)
    if not _is_name(name) or name.startswith("@"):
        raise RefusedError("ATTRIBUTE_NAME_MALFORMED", name[:_LONGEST_NAME])


def _is_name(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        return False
    return value.isprintable() and " " not in value and not (_FORBIDDEN & set(value))


def _instances(name: str, given: Any, context: Context) -> Iterator[Instance]:
    """Several where each object of a list says that it is an attribute."""
    if isinstance(given, list) and given:
        items = cast("list[Any]", given)
        if all(_kind(one) for one in items):
            yield from (_instance(name, one, context, 1) for one in items)
            return
    yield _instance(name, given, context, 1)


def _kind(given: Any) -> str:
    """The kind of attribute that an object says it is, or that its members tell; "": none."""
    if not isinstance(given, dict):
        return ""
    said = cast(Json, given).get("type")
    if isinstance(said, str) and (said in HOLDS or said in _UNREAD_KINDS):
        return said
    if said is None:
        return _told(cast(Json, given))
    if "value" in given:
        # As NGSI v2 writes attributes; read as a value it would be half right.
        raise RefusedError("ATTRIBUTE_MALFORMED", "type")
    return ""


def _told(given: Json) -> str:
    if "value" in given:
        return "GeoProperty" if is_geometry(given["value"]) else "Property"
    if "object" in given:
        return "Relationship"
    return "LanguageProperty" if "languageMap" in given else ""


def _instance(name: str, given: Any, context: Context, depth: int) -> Instance:
    kind = _kind(given)
    if kind in _UNREAD_KINDS:
        raise RefusedError("NOT_SUPPORTED", name)
    if kind:
        return _whole(name, cast(Json, given), kind, context, depth)
    kind = "GeoProperty" if is_geometry(given) else "Property"
    return {"type": kind, "value": _checked_value(name, given, kind)}


def _whole(name: str, given: Json, kind: str, context: Context, depth: int) -> Instance:
    member = HOLDS[kind]
    if member not in given or depth > _DEEPEST:
        raise RefusedError("ATTRIBUTE_MALFORMED", name)
    read: Json = {"type": kind, member: _checked_value(name, given[member], kind)}
    read |= _checked_members(name, given)
    inner = {key: value for key, value in given.items() if key not in _MEMBERS}
    for key in inner:
        _checked_name(key)
    if inner:
        read["attributes"] = {
            context.expand(key): _instance(key, value, context, depth + 1)
            for key, value in inner.items()
        }
    return read


def _checked_members(name: str, given: Json) -> Json:
    kept = {key: given[key] for key in ("observedAt", "unitCode", "datasetId") if key in given}
    if "observedAt" in kept and instant_of(kept["observedAt"]) is None:
        raise RefusedError("INSTANT_MALFORMED", f"{name}.observedAt")
    if "unitCode" in kept and not isinstance(kept["unitCode"], str):
        raise RefusedError("ATTRIBUTE_MALFORMED", f"{name}.unitCode")
    if "datasetId" in kept and not is_id(kept["datasetId"]):
        raise RefusedError("ATTRIBUTE_MALFORMED", f"{name}.datasetId")
    return kept


def _checked_value(name: str, value: Any, kind: str) -> Any:
    if not _CHECKS[kind](value):
        reason = "GEOMETRY_MALFORMED" if kind == "GeoProperty" else "ATTRIBUTE_MALFORMED"
        raise RefusedError(reason, name)
    return value


def _is_value(value: Any) -> bool:
    """Anything but null, at any reasonable depth."""
    return value is not None and _shallow(value, _DEEPEST_VALUE)


def _shallow(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        inner = list(cast(Json, value).values())
    elif isinstance(value, list):
        inner = cast("list[Any]", value)
    else:
        return True
    return left > 0 and all(_shallow(one, left - 1) for one in inner)


def _is_object(value: Any) -> bool:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return bool(items) and all(is_id(one) for one in items)
    return is_id(value)


def _is_language_map(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    words = cast(Json, value)
    return bool(words) and all(isinstance(one, str) for one in words.values())


_CHECKS: Final = {
    "Property": _is_value,
    "GeoProperty": is_geometry,
    "Relationship": _is_object,
    "LanguageProperty": _is_language_map,
}
