"""Reads the OpenAPI document for people: one list of operations with their fields spelled out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Json = dict[str, Any]
_VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Row:
    """A parameter or a field: what it is called, what it holds, what it means."""

    name: str
    type: str
    required: bool
    description: str
    link: str


@dataclass(frozen=True)
class Operation:
    """One operation, ready to print."""

    id: str
    verb: str
    path: str
    summary: str
    description: str
    audience: str
    anonymous: bool
    live: bool
    parameters: tuple[Row, ...]
    body: tuple[Row, ...]
    answer: Row
    statuses: tuple[str, ...]
    grpc: str


@dataclass(frozen=True)
class Group:
    """A tag with its operations."""

    name: str
    title: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Shape:
    """A component schema."""

    name: str
    description: str
    values: tuple[str, ...]
    fields: tuple[Row, ...]


@dataclass(frozen=True)
class Api:
    """The whole document."""

    title: str
    groups: tuple[Group, ...]
    shapes: tuple[Shape, ...]


@lru_cache(maxsize=4)
def read_document(document: bytes) -> Api:
    api: Json = json.loads(document)
    operations = list(_operations(api))
    groups = [
        Group(
            name=tag["name"],
            title=tag["x-displayName"],
            description=tag["description"],
            operations=tuple(made for name, made in operations if name == tag["name"]),
        )
        for tag in api["tags"]
    ]
    shapes = [_shape(name, schema) for name, schema in api["components"]["schemas"].items()]
    return Api(api["info"]["title"], tuple(groups), tuple(shapes))


def _operations(api: Json) -> Iterator[tuple[str, Operation]]:
    for path, verbs in api["paths"].items():
        for verb in _VERBS:
            if verb in verbs:
                yield verbs[verb]["tags"][0], _operation(verb, path, verbs[verb])


def _operation(verb: str, path: str, said: Json) -> Operation:
    content: Json = said["responses"]["200"]["content"]
    media_type, answer = next(iter(content.items()))
    asked = [one for one in said["security"] if one]
    return Operation(
        id=said["operationId"],
        verb=verb.upper(),
        path=path,
        summary=said["summary"],
        description=said["description"],
        audience=next(iter(asked[0])),
        anonymous={} in said["security"],
        live=media_type == "text/event-stream",
        parameters=tuple(_row(p["name"], p["schema"], p) for p in said["parameters"]),
        body=tuple(_body(said.get("requestBody", {}))),
        answer=_row("200", answer.get("itemSchema", answer["schema"]), {}),
        statuses=tuple(said["responses"]),
        grpc=said["x-grpc"],
    )


def _body(body: Json) -> Iterator[Row]:
    for media_type, content in body.get("content", {}).items():
        schema = content["schema"]
        if "properties" in schema:
            yield from _fields(schema)
        else:
            yield _row(media_type, schema, {"required": True})


def _fields(schema: Json) -> Iterator[Row]:
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        yield _row(name, one, {"required": name in required})


def _row(name: str, schema: Json, said: Json) -> Row:
    return Row(
        name=name,
        type=_type(schema),
        required=bool(said.get("required")),
        description=said.get("description") or schema.get("description", ""),
        link=_reference(schema) or _reference(schema.get("items", {})),
    )


def _reference(schema: Json) -> str:
    return schema.get("$ref", "").rpartition("/")[2]


def _type(schema: Json) -> str:
    if reference := _reference(schema):
        return reference
    if schema.get("type") == "array":
        return f"{_type(schema['items'])}[]"
    if "additionalProperties" in schema:
        return f"{{string: {_type(schema['additionalProperties'])}}}"
    words = [str(schema.get("type", "any")), schema.get("format", "")]
    bounds = [f"{key} {schema[key]}" for key in _BOUNDS if key in schema]
    return " · ".join(word for word in [*words, *bounds] if word)


_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "pattern")


def _shape(name: str, schema: Json) -> Shape:
    values = tuple(str(value) for value in schema.get("enum", ()))
    # An enum's description lists its values; the page does that itself.
    text = str(schema.get("description", ""))
    return Shape(name, text.partition("\n- `")[0], values, tuple(_fields(schema)))
