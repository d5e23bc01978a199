"""Reads the generated descriptor set: services, methods, HTTP rules, access rules, comments."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from buf.validate import validate_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message
from xianban.common.v1 import options_pb2

# Their import registers the extensions that options are parsed with.
_EXTENSIONS = (annotations_pb2, options_pb2, validate_pb2)

_MESSAGE, _ENUM, _SERVICE = 4, 5, 6
_NESTED_MESSAGE, _NESTED_ENUM, _FIELD, _METHOD, _VALUE = 3, 4, 2, 2, 2


@dataclass(frozen=True)
class HttpRule:
    """One `google.api.http` binding."""

    verb: str
    template: str
    body: str


@dataclass(frozen=True)
class Method:
    """An RPC that clients may reach."""

    service: str
    name: str
    input: str
    output: str
    client_streaming: bool
    server_streaming: bool
    rules: tuple[HttpRule, ...]
    access: options_pb2.Access
    reads: bool
    comment: str

    @property
    def path(self) -> str:
        """The gRPC path; what Envoy routes by once JSON is transcoded."""
        return f"/{self.service}/{self.name}"

    @property
    def domain(self) -> str:
        return domain_of(self.service)

    @property
    def streaming(self) -> bool:
        return self.client_streaming or self.server_streaming


@dataclass(frozen=True)
class Service:
    """A gRPC service that clients may reach."""

    name: str
    comment: str
    methods: tuple[Method, ...]

    @property
    def domain(self) -> str:
        return domain_of(self.name)


@dataclass
class Catalogue:
    """What the descriptor set says, by full name."""

    files: FileDescriptorSet
    services: dict[str, Service] = field(default_factory=dict[str, Service])
    messages: dict[str, DescriptorProto] = field(default_factory=dict[str, DescriptorProto])
    enums: dict[str, EnumDescriptorProto] = field(default_factory=dict[str, EnumDescriptorProto])
    # Full name of a message, field, enum or value → its comment.
    comments: dict[str, str] = field(default_factory=dict[str, str])

    def methods(self, domains: Iterable[str] | None = None) -> list[Method]:
        wanted = None if domains is None else set(domains)
        return [
            method
            for service in self.services.values()
            for method in service.methods
            if wanted is None or method.domain in wanted
        ]

    def takes_files(self, method: Method) -> bool:
        """Its HTTP body is taken as it is (`google.api.HttpBody`): feeds and imports."""
        named = {rule.body for rule in method.rules}
        return any(
            one.name in named and one.type_name == ".google.api.HttpBody"
            for one in self.messages[method.input].field
        )

    def domains(self) -> list[str]:
        return sorted({service.domain for service in self.services.values()})


def domain_of(service: str) -> str:
    """`xianban.parking.v1.ParkingService` belongs to `parking`."""
    return service.split(".")[1]


def descriptor_file() -> Path:
    """The generated set; `xianban` is a namespace package and may lie in several folders."""
    for folder in importlib.import_module("xianban").__path__:
        path = Path(folder) / "descriptors.binpb"
        if path.is_file():
            return path
    raise FileNotFoundError("xianban/descriptors.binpb is in no installed distribution")


@cache
def catalogue() -> Catalogue:
    """The installed descriptor set, read once."""
    return read(descriptor_file().read_bytes())


def read(data: bytes) -> Catalogue:
    files = FileDescriptorSet.FromString(data)
    found = Catalogue(files)
    for file in files.file:
        _read_file(file, found)
    return found


def _read_file(file: FileDescriptorProto, found: Catalogue) -> None:
    comments = {
        tuple(at.path): _comment(at.leading_comments) for at in file.source_code_info.location
    }
    for index, message in enumerate(file.message_type):
        _read_message(message, file.package, (_MESSAGE, index), comments, found)
    for index, enum in enumerate(file.enum_type):
        _read_enum(enum, file.package, (_ENUM, index), comments, found)
    for index, service in enumerate(file.service):
        if _is_routed(file.package):
            _read_service(service, file.package, (_SERVICE, index), comments, found)


def _is_routed(package: str) -> bool:
    """`xianban.<domain>.v1` only: services of the others are for processes of the suite alone."""
    parts = package.split(".")
    inside = ("common", "cloudevents", "plugin")
    return len(parts) == 3 and parts[0] == "xianban" and parts[1] not in inside


_Comments = dict[tuple[int, ...], str]


def _read_message(
    message: DescriptorProto,
    scope: str,
    at: tuple[int, ...],
    comments: _Comments,
    found: Catalogue,
) -> None:
    name = f"{scope}.{message.name}"
    found.messages[name] = message
    found.comments[name] = comments.get(at, "")
    for index, one in enumerate(message.field):
        found.comments[f"{name}.{one.name}"] = comments.get((*at, _FIELD, index), "")
    for index, nested in enumerate(message.nested_type):
        _read_message(nested, name, (*at, _NESTED_MESSAGE, index), comments, found)
    for index, enum in enumerate(message.enum_type):
        _read_enum(enum, name, (*at, _NESTED_ENUM, index), comments, found)


def _read_enum(
    enum: EnumDescriptorProto,
    scope: str,
    at: tuple[int, ...],
    comments: _Comments,
    found: Catalogue,
) -> None:
    name = f"{scope}.{enum.name}"
    found.enums[name] = enum
    found.comments[name] = comments.get(at, "")
    for index, value in enumerate(enum.value):
        found.comments[f"{name}.{value.name}"] = comments.get((*at, _VALUE, index), "")


def _read_service(
    service: ServiceDescriptorProto,
    package: str,
    at: tuple[int, ...],
    comments: _Comments,
    found: Catalogue,
) -> None:
    name = f"{package}.{service.name}"
    methods = tuple(
        _read_method(method, name, comments.get((*at, _METHOD, index), ""))
        for index, method in enumerate(service.method)
        if not access_of(method).workload
    )
    if methods:
        found.services[name] = Service(name, comments.get(at, ""), methods)


def access_of(method: MethodDescriptorProto) -> options_pb2.Access:
    return method.options.Extensions[options_pb2.access]


def _read_method(method: MethodDescriptorProto, service: str, comment: str) -> Method:
    return Method(
        service=service,
        name=method.name,
        input=method.input_type.removeprefix("."),
        output=method.output_type.removeprefix("."),
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        rules=tuple(_rules(method)),
        access=access_of(method),
        reads=method.options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        comment=comment,
    )


def _rules(method: MethodDescriptorProto) -> Iterator[HttpRule]:
    http = _extension(method.options, annotations_pb2.http, http_pb2.HttpRule)
    for rule in (http, *http.additional_bindings):
        verb = rule.WhichOneof("pattern")
        if verb == "custom":
            yield HttpRule(rule.custom.kind, rule.custom.path, rule.body)
        elif verb:
            yield HttpRule(verb.upper(), getattr(rule, verb), rule.body)


_M = TypeVar("_M", bound=Message)


def _extension(options: Message, handle: Any, kind: type[_M]) -> _M:
    """An extension whose stub carries no type; the empty message where it is absent."""
    found = cast("Any", options).Extensions[handle]
    return found if isinstance(found, kind) else kind()


def _comment(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def edge_descriptors(found: Catalogue, services: Sequence[str]) -> bytes:
    """The set Envoy transcodes with: the given services' reachable methods, without comments."""
    trimmed = FileDescriptorSet()
    for file in found.files.file:
        copy = trimmed.file.add()
        copy.CopyFrom(file)
        copy.ClearField("source_code_info")
        kept = [one for one in copy.service if f"{copy.package}.{one.name}" in services]
        for service in kept:
            _replace(service.method, [m for m in service.method if not access_of(m).workload])
        _replace(copy.service, kept)
    return trimmed.SerializeToString(deterministic=True)


def _replace(target: Any, kept: Sequence[Message]) -> None:
    # Copied first: clearing a repeated field ends its elements.
    copies = [type(one).FromString(one.SerializeToString()) for one in kept]
    del target[:]
    target.extend(copies)
