"""Field rules of the protos (protovalidate), with texts in the caller's language."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import protovalidate
from google.protobuf.message import Message

from xianban_sdk.errors import InvalidArgument, Violation
from xianban_sdk.rpc.storable import unstorable

__all__ = ["validate"]

_MAX_VIOLATIONS: Final = 20
_validator = protovalidate.Validator()


def validate(message: Message) -> None:
    """Raises InvalidArgument naming each field that breaks a rule or that nobody could keep."""
    try:
        _validator.validate(message)
    except protovalidate.ValidationError as error:
        violations = tuple(_violation(found) for found in error.violations[:_MAX_VIOLATIONS])
        raise InvalidArgument(
            "REQUEST_INVALID", field=violations[0].field, violations=violations
        ) from error
    flaws = tuple(islice(unstorable(message), _MAX_VIOLATIONS))
    if flaws:
        raise InvalidArgument("REQUEST_INVALID", field=flaws[0].field, violations=flaws)


def _violation(found: Any) -> Violation:
    proto = found.proto
    # A rule without an id is CEL written in the proto: its message is the text.
    return Violation(_path(proto.field), proto.rule_id or "custom", proto.message)


def _path(field: Any) -> str:
    return ".".join(element.field_name + _index(element) for element in field.elements)


def _index(element: Any) -> str:
    subscript = element.subscript
    return "" if subscript is None else f"[{subscript.value}]"
