"""RPCs as their descriptors tell them, bound to the servicer's methods."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import DecodeError, Message
from xianban.common.v1 import options_pb2

from xianban_sdk.errors import InvalidArgument
from xianban_sdk.identity.access import AccessRule
from xianban_sdk.rpc.call import Call

__all__ = ["Method", "ServicerError", "bind", "describe", "service_descriptor"]

_RESIDENTS: Final = "residents/"
_MAX_ID: Final = 64


class ServicerError(TypeError):
    """A servicer does not fit its proto service: the process does not start."""


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC: its kind, its rule and the code that serves it."""

    path: str
    rule: AccessRule
    request_type: type[Message]
    response_type: type[Message]
    client_streaming: bool
    server_streaming: bool
    read_only: bool
    has_request_id: bool
    handler: Callable[[Any, Call], Any]

    @property
    def lane(self) -> str:
        """Which server it belongs to: "" (unary), "streams" or "safety"."""
        if self.rule.safety:
            return "safety"
        return "streams" if self.server_streaming else ""

    def decode(self, raw: bytes | Message) -> Message:
        """The request; malformed bytes are the caller's fault."""
        if isinstance(raw, Message):
            return raw
        try:
            return self.request_type.FromString(raw)
        except DecodeError as error:
            raise InvalidArgument("MALFORMED_REQUEST") from error

    def subject(self, request: Message) -> str | None:
        """The resident whose data it is, from the resource name that the rule points at."""
        if not self.rule.subject:
            return None
        value: Any = request
        for part in self.rule.subject.split("."):
            value = getattr(value, part)
        resident, _, _rest = str(value).removeprefix(_RESIDENTS).partition("/")
        # What may be asked is looked up by it before the field rules are: no database takes a NUL.
        fits = 0 < len(resident) <= _MAX_ID and resident.isprintable()
        if not fits or not str(value).startswith(_RESIDENTS):
            raise InvalidArgument("RESOURCE_PATH_INVALID", field=self.rule.subject)
        return resident


def service_descriptor(full_name: str) -> ServiceDescriptor:
    """The proto service of this name, of which the generated module must be imported."""
    try:
        return descriptor_pool.Default().FindServiceByName(full_name)
    except KeyError as error:
        raise ServicerError(f"no proto service {full_name!r}; import its _pb2 module") from error


def bind(full_name: str, servicer: object) -> list[Method]:
    """Every RPC of the service with its handler; refuses what is missing or differs."""
    methods = service_descriptor(full_name).methods
    return [describe(method, _handler(servicer, method)) for method in methods]


def describe(method: MethodDescriptor, handler: Callable[[Any, Call], Any]) -> Method:
    """The RPC as the descriptor tells it."""
    options = method.GetOptions()
    if not options.HasExtension(options_pb2.access):
        raise ServicerError(f"{method.full_name} has no access option")
    request, response = method.input_type, method.output_type
    return Method(
        path=f"/{method.containing_service.full_name}/{method.name}",
        rule=_rule(method, options.Extensions[options_pb2.access]),
        request_type=message_factory.GetMessageClass(request),
        response_type=message_factory.GetMessageClass(response),
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        read_only=options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        has_request_id="request_id" in request.fields_by_name,
        handler=handler,
    )


def _rule(method: MethodDescriptor, access: options_pb2.Access) -> AccessRule:
    _check_subject(method, access.subject)
    return AccessRule(
        action=method.name,
        anonymous=access.anonymous,
        subject=access.subject,
        scope=access.scope,
        purpose=access.purpose,
        step_up=access.step_up,
        safety=access.safety,
        workload=access.workload,
        roles=frozenset(access.roles),
    )


def _check_subject(method: MethodDescriptor, path: str) -> None:
    message = method.input_type
    for part in path.split(".") if path else ():
        found = message.fields_by_name.get(part) if message is not None else None
        if found is None:
            raise ServicerError(f"{method.full_name}: access.subject {path!r} is no request field")
        message = found.message_type


def _handler(servicer: object, method: MethodDescriptor) -> Callable[[Any, Call], Any]:
    handler = getattr(servicer, method.name, None)
    if not callable(handler):
        raise ServicerError(f"{type(servicer).__name__} has no method {method.name}")
    _check_annotations(getattr(handler, "__func__", handler), method)
    return handler


@cache
def _check_annotations(handler: Callable[..., Any], method: MethodDescriptor) -> None:
    """Once for each servicer, however often a process of tests starts it."""
    where = f"{method.containing_service.full_name}.{method.name}"
    try:
        hints = typing.get_type_hints(handler)
    except NameError as error:
        raise ServicerError(f"{where}: import {error.name} outside TYPE_CHECKING") from error
    parameters = [name for name in inspect.signature(handler).parameters if name != "self"]
    if len(parameters) != 2:
        raise ServicerError(f"{where} takes (request, call), not ({', '.join(parameters)})")
    _expect(where, hints.get(parameters[0]), method.input_type.full_name, method.client_streaming)
    _expect(where, hints.get("return"), method.output_type.full_name, method.server_streaming)


def _expect(where: str, hint: Any, full_name: str, streaming: bool) -> None:
    if streaming:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if not ((isinstance(origin, type) and issubclass(Iterator, origin)) or _generator(origin)):
            raise ServicerError(f"{where}: annotate with Iterator[{full_name}], not {hint}")
        hint = arguments[0]
    descriptor = getattr(hint, "DESCRIPTOR", None)
    if descriptor is None or descriptor.full_name != full_name:
        raise ServicerError(f"{where}: annotate with {full_name}, not {hint}")


def _generator(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Iterator)
