"""JSON Schemas of the messages, as Envoy's transcoder reads and writes them.

A request's schema carries the validation rules; an answer's only the shapes, since services
validate what they are sent and not what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from xianban_edge.descriptors import Catalogue

Schema = dict[str, Any]
F = FieldDescriptorProto

_SIGNED: Schema = {"format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}
_UNSIGNED: Schema = {"format": "uint32", "minimum": 0, "maximum": 2**32 - 1}
_INTEGERS: dict[int, Schema] = {
    F.TYPE_INT32: _SIGNED,
    F.TYPE_SINT32: _SIGNED,
    F.TYPE_SFIXED32: _SIGNED,
    F.TYPE_UINT32: _UNSIGNED,
    F.TYPE_FIXED32: _UNSIGNED,
}
_SIGNED_64 = (F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64)
_UNSIGNED_64 = (F.TYPE_UINT64, F.TYPE_FIXED64)

_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {
        "type": "string",
        "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$",
        "examples": ["5400s"],
    },
    "google.protobuf.FieldMask": {
        "type": "string",
        "description": "Field names in camelCase, comma-separated.",
        "examples": ["title,endTime"],
    },
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
    },
    "google.protobuf.StringValue": {"type": "string"},
    "google.protobuf.BytesValue": {"type": "string", "format": "byte"},
    "google.protobuf.BoolValue": {"type": "boolean"},
    "google.protobuf.Int32Value": {"type": "integer", **_SIGNED},
    "google.protobuf.UInt32Value": {"type": "integer", **_UNSIGNED},
    "google.protobuf.Int64Value": {"type": "string", "format": "int64"},
    "google.protobuf.UInt64Value": {"type": "string", "format": "uint64"},
    "google.protobuf.DoubleValue": {"type": "number", "format": "double"},
    "google.protobuf.FloatValue": {"type": "number", "format": "float"},
    "google.api.HttpBody": {"type": "string", "format": "binary"},
}


@dataclass
class Schemas:
    """Collects the component schemas an API needs; `request` ones carry rules."""

    found: Catalogue
    components: dict[str, Schema] = field(default_factory=dict[str, Schema])

    def of_message(self, name: str, *, request: bool) -> Schema:
        if name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[name])
        key = _key(name) + ("Input" if request else "")
        if key not in self.components:
            self.components[key] = {}  # a message may contain itself
            self.components[key] = self.inline(name, request=request)
        return {"$ref": f"#/components/schemas/{key}"}

    def inline(self, name: str, *, request: bool, without: tuple[str, ...] = ()) -> Schema:
        message = self.found.messages[name]
        kept = [one for one in message.field if one.name not in without]
        schema: Schema = {"type": "object"}
        if comment := self.found.comments.get(name):
            schema["description"] = comment
        schema["properties"] = {
            one.json_name: self.of_field(name, one, request=request) for one in kept
        }
        required = [one.json_name for one in kept if request and is_required(one)]
        if required:
            schema["required"] = required
        if request:
            # Envoy drops unknown fields, but not one without a name.
            schema["propertyNames"] = {"minLength": 1}
        return schema

    def of_field(self, message: str, one: F, *, request: bool) -> Schema:
        schema = self._shape(message, one, request=request)
        comment = self.found.comments.get(f"{message}.{one.name}")
        if not comment:
            return schema
        # 3.1 allows a description beside $ref.
        return {**schema, "description": comment}

    def _shape(self, message: str, one: F, *, request: bool) -> Schema:
        rules = rules_of(one) if request else None
        if one.label != F.LABEL_REPEATED:
            return self._single(one, request=request, rules=rules)
        entry = self._map_entry(message, one)
        if entry:
            value = self._single(entry.field[1], request=request, rules=None)
            return {"type": "object", "additionalProperties": value}
        items = self._single(one, request=request, rules=rules.repeated.items if rules else None)
        return {"type": "array", "items": items, **(_array_rules(rules) if rules else {})}

    def _map_entry(self, message: str, one: F) -> DescriptorProto | None:
        entry = self.found.messages.get(one.type_name.removeprefix("."))
        return entry if entry is not None and entry.options.map_entry else None

    def _single(self, one: F, *, request: bool, rules: validate_pb2.FieldRules | None) -> Schema:
        if one.type == F.TYPE_MESSAGE:
            return self.of_message(one.type_name.removeprefix("."), request=request)
        if one.type == F.TYPE_ENUM:
            return self.of_enum(one.type_name.removeprefix("."))
        schema = _scalar(one.type)
        return {**schema, **_scalar_rules(one, rules, schema)} if rules else schema

    def of_enum(self, name: str) -> Schema:
        key = _key(name)
        if key not in self.components:
            self.components[key] = self._enum(name)
        return {"$ref": f"#/components/schemas/{key}"}

    def _enum(self, name: str) -> Schema:
        values = [value.name for value in self.found.enums[name].value]
        said = ((value, self.found.comments.get(f"{name}.{value}", "")) for value in values)
        lines = [self.found.comments.get(name, ""), *(f"- `{v}`: {c}" for v, c in said if c)]
        return {"type": "string", "enum": values, "description": "\n".join(lines).strip()}


def is_well_known(name: str) -> bool:
    """Written as one JSON value, not as an object of its fields."""
    return name in _WELL_KNOWN


def _key(name: str) -> str:
    return name.removeprefix("xianban.")


def _scalar(kind: int) -> Schema:
    if kind in _INTEGERS:
        return {"type": "integer", **_INTEGERS[kind]}
    if kind in _SIGNED_64:
        return {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,18}$"}
    if kind in _UNSIGNED_64:
        return {"type": "string", "format": "uint64", "pattern": "^[0-9]{1,19}$"}
    if kind in (F.TYPE_DOUBLE, F.TYPE_FLOAT):
        return {"type": "number", "format": "double" if kind == F.TYPE_DOUBLE else "float"}
    if kind == F.TYPE_BOOL:
        return {"type": "boolean"}
    if kind == F.TYPE_BYTES:
        return {"type": "string", "format": "byte"}
    return {"type": "string"}


def rules_of(one: F) -> validate_pb2.FieldRules | None:
    if one.options.HasExtension(validate_pb2.field):
        return one.options.Extensions[validate_pb2.field]
    return None


def _scalar_rules(one: F, rules: validate_pb2.FieldRules, shape: Schema) -> Schema:
    kind = rules.WhichOneof("type")
    if kind is None:
        return {}
    given = getattr(rules, kind)
    if kind == "string":
        made = dict(_string_rules(given))
    elif shape["type"] in ("integer", "number"):
        made = dict(_number_rules(given))
    else:
        made = {}
    return _or_empty(made) if _may_be_empty(one, rules) and made else made


def _may_be_empty(one: F, rules: validate_pb2.FieldRules) -> bool:
    """Rules that are skipped for the zero value allow it."""
    return one.type == F.TYPE_STRING and rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE


def _or_empty(made: Schema) -> Schema:
    return {"anyOf": [{"const": ""}, made]}


_FORMATS = {"email": "email", "uri": "uri", "uuid": "uuid", "hostname": "hostname", "ipv4": "ipv4"}


def _string_rules(rules: Any) -> Iterator[tuple[str, Any]]:
    if rules.HasField("const"):
        yield "const", rules.const
    if getattr(rules, "in"):
        yield "enum", list(getattr(rules, "in"))
    for name, key in (("min_len", "minLength"), ("max_len", "maxLength")):
        if rules.HasField(name):
            yield key, getattr(rules, name)
    if rules.HasField("len"):
        yield "minLength", rules.len
        yield "maxLength", rules.len
    if rules.HasField("pattern") and is_portable(rules.pattern):
        yield "pattern", rules.pattern
    known = rules.WhichOneof("well_known")
    if known in _FORMATS:
        yield "format", _FORMATS[known]


_BOUNDS = {
    "gte": "minimum",
    "gt": "exclusiveMinimum",
    "lte": "maximum",
    "lt": "exclusiveMaximum",
}


def _number_rules(rules: Any) -> Iterator[tuple[str, Any]]:
    for name, key in _BOUNDS.items():
        if rules.HasField(name):
            yield key, getattr(rules, name)
    if rules.HasField("const"):
        yield "const", rules.const
    if getattr(rules, "in"):
        yield "enum", list(getattr(rules, "in"))


def _array_rules(rules: validate_pb2.FieldRules) -> Schema:
    made: Schema = {}
    if rules.repeated.HasField("min_items"):
        made["minItems"] = rules.repeated.min_items
    if rules.repeated.HasField("max_items"):
        made["maxItems"] = rules.repeated.max_items
    if rules.repeated.unique:
        made["uniqueItems"] = True
    return made


def is_portable(pattern: str) -> bool:
    r"""RE2's \p{…}, \z and flags mean something else, or nothing, to JSON Schema tools."""
    return not re.search(r"\\[pPzQ]|\(\?", pattern)


def is_required(one: F) -> bool:
    """Said so, or its zero value breaks its own rules."""
    rules = rules_of(one)
    if rules is None:
        return False
    if rules.required:
        return True
    if one.proto3_optional or rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        return False
    return _refuses_zero(rules)


def _refuses_zero(rules: validate_pb2.FieldRules) -> bool:
    kind = rules.WhichOneof("type")
    if kind == "string":
        return _refuses_empty(rules.string)
    if kind == "repeated":
        return rules.repeated.min_items > 0
    if kind == "enum":
        return 0 in rules.enum.not_in
    if kind in ("int32", "int64", "uint32", "uint64", "double", "float"):
        given = getattr(rules, kind)
        return bool(given.gte > 0 or (given.HasField("gt") and given.gt >= 0))
    return False


def _refuses_empty(rules: validate_pb2.StringRules) -> bool:
    if rules.min_len > 0 or rules.len > 0:
        return True
    if not rules.pattern or not is_portable(rules.pattern):
        return False
    return re.search(rules.pattern, "") is None
