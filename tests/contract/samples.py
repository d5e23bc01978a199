"""Requests that hold an RPC's own field rules, made from its descriptor alone."""

from __future__ import annotations

import re
import re._parser as sre  # the standard library's own reader of patterns
from collections.abc import Iterable, Iterator
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from xianban_sdk.rpc import Method

_NAME = re.compile(r"[a-z][a-z-]*/[A-Za-z0-9-]+(/[A-Za-z0-9-]+)*")
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_INSTANTS = [
    Timestamp(seconds=seconds, nanos=nanos)
    for seconds in (-(2**63), -62_135_596_800, -5_000_000_000, 0, 9_000_000_000, 2**63 - 1)
    for nanos in (0, -1)
]
_ENDS: dict[int, list[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: [-(2**31), -1, 1, 2**31 - 1],
    FieldDescriptor.CPPTYPE_INT64: [-(2**63), -1, 1, 2**63 - 1],
    FieldDescriptor.CPPTYPE_UINT32: [1, 2**32 - 1],
    FieldDescriptor.CPPTYPE_UINT64: [1, 2**64 - 1],
    FieldDescriptor.CPPTYPE_DOUBLE: [float("nan"), float("inf"), 1e308, -1e308],
    FieldDescriptor.CPPTYPE_FLOAT: [float("nan"), float("inf")],
    FieldDescriptor.CPPTYPE_BOOL: [True],
    FieldDescriptor.CPPTYPE_ENUM: [-1, 1, 2, 99, 2**31 - 1],
    FieldDescriptor.CPPTYPE_STRING: [
        "",
        "\x00",
        "a\x00b",
        "x" * 100_000,
        "贤" * 1000,
        "\u202e\u200b\ufeff",
        "\U0001f697",
        "' OR 1=1 --",
        "%_\\",
        "../../etc/passwd",
        "\n\r\t",
    ],
}
NOW = 1_795_000_000  # 2026-11-18; any instant does
_NOBODY = "0" * 26


def sample(method: Method, subject: str = _NOBODY, known: Iterable[str] = ()) -> Any:
    """The smallest request of the RPC that its field rules accept, about `subject`.

    Names that exist (`known`) are preferred to invented ones.
    """
    request = method.request_type()
    _fill(request)
    if method.rule.subject:
        _point_at(request, method.rule.subject.split("."), subject)
    for field in _fields(request.DESCRIPTOR):
        _prefer(request, field, known)
    return request


def _prefer(request: Any, field: FieldDescriptor, known: Iterable[str]) -> None:
    pattern = field.GetOptions().Extensions[validate_pb2.field].string.pattern
    if not pattern or field.is_repeated:
        return
    owner = "/".join(getattr(request, field.name).split("/")[:2]) if "residents" in pattern else ""
    for name in known:
        if name.startswith(owner) and re.search(pattern, name):
            setattr(request, field.name, name)
            return


def names_in(message: Message) -> Iterator[str]:
    """Every resource name and id that a response tells."""
    for field, value in message.ListFields():
        for item in value if field.is_repeated else [value]:
            if isinstance(item, Message):
                yield from names_in(item)
            elif isinstance(item, str) and (_NAME.fullmatch(item) or _ID.fullmatch(item)):
                yield item


def extremes(method: Method, request: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a good request, each with one field at the end of what its type can hold."""
    for field in method.request_type.DESCRIPTOR.fields:
        for value in _ends(field):
            changed = method.request_type()
            changed.CopyFrom(request)
            _put(changed, field, value)
            yield f"{field.name} = {str(value)[:40]!r}", changed


def _ends(field: FieldDescriptor) -> list[Any]:
    if field.message_type is not None:
        whole = field.message_type.full_name == "google.protobuf.Timestamp"
        return _INSTANTS if whole else []
    return _ENDS.get(field.cpp_type, [])


def _put(message: Any, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    elif isinstance(value, Message):
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def _fill(message: Message) -> None:
    for field in _fields(message.DESCRIPTOR):
        rules = field.GetOptions().Extensions[validate_pb2.field]
        if field.is_repeated:
            _fill_list(getattr(message, field.name), field, rules.repeated)
        elif field.message_type is not None:
            if rules.required:
                _fill_inner(getattr(message, field.name))
        elif (value := _scalar(field, rules)) is not None:
            setattr(message, field.name, value)


def _fill_list(items: Any, field: FieldDescriptor, rules: Any) -> None:
    for _ in range(rules.min_items):
        if field.message_type is not None:
            _fill_inner(items.add())
        else:
            items.append(_scalar(field, rules.items))


def _fields(descriptor: Descriptor) -> list[FieldDescriptor]:
    # Of a oneof the first member stands for all.
    return [f for f in descriptor.fields if not f.containing_oneof or f.index == 0]


def _fill_inner(message: Any) -> None:
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        message.seconds = NOW
    else:
        message.SetInParent()
        _fill(message)


def _scalar(field: FieldDescriptor, rules: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(rules.string)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return _member_of(field.enum_type, rules.enum)
    kind = rules.WhichOneof("type")
    return None if kind is None else _number(getattr(rules, kind))


def _member_of(enum: Any, rules: Any) -> int | None:
    if not rules.not_in and not _allowed(rules):
        return None
    known = _allowed(rules) or [value.number for value in enum.values]
    return next(number for number in known if number not in rules.not_in)


def _allowed(rules: Any) -> list[Any]:
    return list(getattr(rules, "in"))


def _text(rules: Any) -> str | None:
    if _allowed(rules):
        return _allowed(rules)[0]
    if rules.pattern:
        return matching(rules.pattern)
    return "x" * rules.min_len or None


def _number(rules: Any) -> int | float | None:
    if _allowed(rules):
        return _allowed(rules)[0]
    if rules.HasField("gte"):
        return rules.gte
    return rules.gt + 1 if rules.HasField("gt") else None


def _point_at(message: Any, path: list[str], subject: str) -> None:
    for part in path[:-1]:
        message = getattr(message, part)
    name = getattr(message, path[-1])
    rest = name.split("/")[2:]
    setattr(message, path[-1], "/".join(["residents", subject, *rest]))


def matching(pattern: str) -> str:
    """The shortest text that the pattern accepts."""
    return "".join(_shortest(part) for part in sre.parse(pattern))


def _shortest(part: tuple[Any, Any]) -> str:
    kind, value = part
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.IN:
        return _member(value[0])
    if kind is sre.MAX_REPEAT:
        least, _most, inner = value
        return "".join(_shortest(each) for each in inner) * least
    if kind is sre.SUBPATTERN:
        return "".join(_shortest(each) for each in value[-1])
    if kind is sre.BRANCH:
        return "".join(_shortest(each) for each in value[1][0])
    if kind is sre.AT:
        return ""
    raise NotImplementedError(f"a sample of {kind} in a field's pattern")


def _member(first: tuple[Any, Any]) -> str:
    kind, value = first
    if kind in (sre.LITERAL, sre.RANGE):
        return chr(value if kind is sre.LITERAL else value[0])
    raise NotImplementedError(f"a sample of {kind} in a field's pattern")
