"""The error tree: each error has a gRPC code, an UPPER_SNAKE reason and a localised text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from xianban_sdk import i18n

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Cancelled",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "XianbanError",
    "from_rpc_error",
    "from_status",
    "localised",
    "to_status",
]

DOMAIN = "xianban"
STATUS_KEY = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that broke one rule; ``rule`` is the rule's id, e.g. ``string.pattern``."""

    field: str
    rule: str
    description: str


class XianbanError(Exception):
    """An expected failure. ``raise NotFound("LOT_NOT_FOUND", field="name", lot=lot)``."""

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN

    def __init__(
        self,
        reason: str,
        /,
        *,
        field: str | None = None,
        violations: tuple[Violation, ...] = (),
        message: str = "",
        **params: str | int,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.violations = violations
        self.params: dict[str, str | int] = params
        # Set only on errors that came over the wire already localised.
        self.message = message

    def __str__(self) -> str:
        return f"{self.reason} {self.params}" if self.params else self.reason


class InvalidArgument(XianbanError):
    """The request is wrong, whatever the state."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFound(XianbanError):
    """Absent, or not for this caller's eyes: both answer the same."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(XianbanError):
    """Something of this identity is there already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(XianbanError):
    """The request is well formed but the state does not allow it."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class PermissionDenied(XianbanError):
    """The caller is known and may not."""

    code = grpc.StatusCode.PERMISSION_DENIED


class Unauthenticated(XianbanError):
    """No token, or not one that holds."""

    code = grpc.StatusCode.UNAUTHENTICATED


class Unavailable(XianbanError):
    """Something needed is away; the same call may succeed later."""

    code = grpc.StatusCode.UNAVAILABLE


class ResourceExhausted(XianbanError):
    """A limit in number, size or time is used up."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Aborted(XianbanError):
    """A concurrent change won; read again and retry."""

    code = grpc.StatusCode.ABORTED


class DeadlineExceeded(XianbanError):
    """The caller's time is over."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Cancelled(XianbanError):
    """The caller has gone."""

    code = grpc.StatusCode.CANCELLED


class Unimplemented(XianbanError):
    """The server does not have this method."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Internal(XianbanError):
    """A fault of ours; details stay in the log."""

    code = grpc.StatusCode.INTERNAL


def localised(error: XianbanError, locale: str, package: str = i18n.SDK_PACKAGE) -> str:
    """The error's text: key = reason in lower-kebab, from the raising package, then the SDK."""
    if error.message:
        return error.message
    return i18n.text(_key(error.reason), locale, package, field=error.field or "", **error.params)


def _key(reason: str) -> str:
    return reason.lower().replace("_", "-")


def to_status(
    error: XianbanError, locale: str, package: str = i18n.SDK_PACKAGE
) -> status_pb2.Status:
    """The error as ``google.rpc.Status`` with ErrorInfo, LocalizedMessage and BadRequest."""
    message = localised(error, locale, package)
    status = status_pb2.Status(code=cast(int, error.code.value[0]), message=message)
    info = error_details_pb2.ErrorInfo(
        reason=error.reason,
        domain=DOMAIN,
        metadata={name: str(value) for name, value in error.params.items()},
    )
    status.details.add().Pack(info)
    localized = error_details_pb2.LocalizedMessage(locale=locale, message=message)
    status.details.add().Pack(localized)
    violations = _field_violations(error, locale, package, message)
    if violations:
        bad_request = error_details_pb2.BadRequest(field_violations=violations)
        status.details.add().Pack(bad_request)
    return status


def _field_violations(
    error: XianbanError, locale: str, package: str, message: str
) -> list[error_details_pb2.BadRequest.FieldViolation]:
    violations = error.violations
    if not violations and error.field:
        violations = (Violation(error.field, error.reason, message),)
    return [_field_violation(violation, locale, package) for violation in violations]


def _field_violation(
    violation: Violation, locale: str, package: str
) -> error_details_pb2.BadRequest.FieldViolation:
    key = "rule-" + violation.rule.lower().replace(".", "-").replace("_", "-")
    found = i18n.text(key, locale, package)
    description = violation.description if found == key else found
    return error_details_pb2.BadRequest.FieldViolation(
        field=violation.field, description=description, reason=_rule_reason(violation.rule)
    )


def _rule_reason(rule: str) -> str:
    return rule.upper().replace(".", "_").replace("-", "_")


_BY_CODE: dict[int, type[XianbanError]] = {
    cast(int, kind.code.value[0]): kind
    for kind in (
        InvalidArgument,
        NotFound,
        AlreadyExists,
        FailedPrecondition,
        PermissionDenied,
        Unauthenticated,
        Unavailable,
        ResourceExhausted,
        Aborted,
        DeadlineExceeded,
        Cancelled,
        Unimplemented,
        Internal,
    )
}


def from_status(status: status_pb2.Status) -> XianbanError:
    """The error a peer meant, with its reason, params, fields and localised text."""
    kind = _BY_CODE.get(status.code, Internal)
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    localized = error_details_pb2.LocalizedMessage()
    for detail in status.details:
        _unpack(detail, info, bad_request, localized)
    violations = tuple(
        Violation(found.field, found.reason, found.description)
        for found in bad_request.field_violations
    )
    error = kind(
        info.reason or kind.code.name,
        field=violations[0].field if violations else None,
        violations=violations,
        message=localized.message,
    )
    error.params.update(info.metadata)
    return error


def _unpack(
    detail: any_pb2.Any,
    *targets: error_details_pb2.ErrorInfo
    | error_details_pb2.BadRequest
    | error_details_pb2.LocalizedMessage,
) -> None:
    for target in targets:
        # Unpack answers False, and leaves the target alone, when it is of another type.
        detail.Unpack(target)


def from_rpc_error(error: grpc.RpcError) -> XianbanError:
    """The XianbanError inside a failed call; a plain transport failure keeps its code."""
    call = cast(grpc.Call, error)
    trailing = call.trailing_metadata() or ()
    for key, value in trailing:
        if key == STATUS_KEY:
            return _from_details(cast(bytes, value), call)
    return _plain(call)


def _from_details(value: bytes, call: grpc.Call) -> XianbanError:
    try:
        return from_status(status_pb2.Status.FromString(value))
    except DecodeError:
        # A peer that sends broken details still sent a code.
        return _plain(call)


def _plain(call: grpc.Call) -> XianbanError:
    code = cast(int, call.code().value[0])
    kind = _BY_CODE.get(code, Internal)
    return kind(f"UPSTREAM_{kind.code.name}")
