"""What is wrong with a declaration: which field, and a sentence in the reader's language."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import jsonschema_rs

from xianban_sdk import i18n

__all__ = ["PACKAGE", "Complaint", "complaints", "schema_complaint"]

PACKAGE: Final = "xianban_sdk.plugins"
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong."""

    field: str
    """The path of the key, e.g. "limits.memory_mb"; empty for the whole."""
    key: str
    """The sentence's key in the locale files."""
    params: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])

    def text(self, locale: str) -> str:
        """The sentence; it names the field."""
        return i18n.text(self.key, locale, PACKAGE, field=self.field, **self.params)


def complaints(schema: Mapping[str, Any], value: Any) -> list[Complaint]:
    """What of `value` does not fit the JSON Schema; empty when all does."""
    errors = jsonschema_rs.validator_for(cast("Any", dict(schema))).iter_errors(value)
    return [_complaint(error, schema) for error in errors]


def schema_complaint(schema: Mapping[str, Any]) -> str:
    """Why this is no JSON Schema; empty when it is one."""
    try:
        jsonschema_rs.meta.validate(dict(schema))
    except jsonschema_rs.ValidationError as error:
        return error.message
    return ""


def _complaint(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> Complaint:
    path = [str(part) for part in error.instance_path]
    told: dict[str, Any] = error.kind.as_dict()
    make = _KINDS.get(error.kind.name)
    if make is not None:
        return make(path, told, _known(schema, error.schema_path))
    return Complaint(".".join(path), "declared-unfit", {"why": error.message[:200]})


def _unknown(path: list[str], told: dict[str, Any], known: list[str]) -> Complaint:
    name = str(told["unexpected"][0])
    near = difflib.get_close_matches(name, known, 1)
    where = ".".join([*path, name[:_SHOWN]])
    if near:
        return Complaint(where, "declared-unknown-near", {"near": near[0]})
    return Complaint(where, "declared-unknown")


def _missing(path: list[str], told: dict[str, Any], _known: list[str]) -> Complaint:
    return Complaint(".".join([*path, str(told["property"])]), "declared-missing")


def _type(path: list[str], told: dict[str, Any], _known: list[str]) -> Complaint:
    return Complaint(".".join(path), "declared-type", {"type": " / ".join(told["types"])})


def _bound(key: str, what: str) -> Callable[[list[str], dict[str, Any], list[str]], Complaint]:
    def make(path: list[str], told: dict[str, Any], _known: list[str]) -> Complaint:
        return Complaint(".".join(path), key, {"limit": str(told[what])})

    return make


_KINDS: Final[Mapping[str, Callable[[list[str], dict[str, Any], list[str]], Complaint]]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "type": _type,
    "pattern": _bound("declared-form", "pattern"),
    "minimum": _bound("declared-too-small", "limit"),
    "maximum": _bound("declared-too-large", "limit"),
    "exclusiveMinimum": _bound("declared-too-small", "limit"),
    "maxLength": _bound("declared-too-long", "limit"),
    "maxItems": _bound("declared-too-many", "limit"),
}


def _known(schema: Any, path: Iterable[str | int]) -> list[str]:
    """The keys that the schema knows where the fault lies."""
    *within, _keyword = path
    for part in within:
        schema = schema[part]
    return list(cast("Mapping[str, Any]", schema).get("properties", {}))
