"""Notify's own refusals."""

from xianban_sdk.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
)


def message_not_found(field: str = "name") -> NotFound:
    """Absent, or somebody else's: both answer the same."""
    return NotFound("MESSAGE_NOT_FOUND", field=field)


def address_not_found() -> NotFound:
    return NotFound("ADDRESS_NOT_FOUND", field="name")


def address_invalid(field: str) -> InvalidArgument:
    return InvalidArgument("ADDRESS_INVALID", field=field)


def no_channel() -> FailedPrecondition:
    """No installed channel sends to that kind of address."""
    return FailedPrecondition("CHANNEL_NOT_INSTALLED", field="kind")


def too_many_addresses(most: int) -> ResourceExhausted:
    return ResourceExhausted("TOO_MANY_ADDRESSES", field="parent", most=most)


def code_too_soon() -> ResourceExhausted:
    return ResourceExhausted("ADDRESS_CODE_TOO_SOON", field="value")


def code_over() -> FailedPrecondition:
    return FailedPrecondition("ADDRESS_CODE_OVER", field="code")


def channel_unknown(channel: str) -> InvalidArgument:
    return InvalidArgument("CHANNEL_UNKNOWN", field="preferences.choices", channel=channel)
