"""The domain's refusals as errors with a gRPC code; the reasons and texts stay the domain's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, ResourceExhausted, XianbanError

from xianban_parking.domain.errors import (
    CalendarNotPublishedError,
    DomainError,
    ForecastError,
    PaymentError,
    PermitError,
    PlateError,
    ReservationError,
    SessionError,
)

__all__ = ["TEXT_PACKAGE", "refusals", "to_error"]

TEXT_PACKAGE = "xianban_parking"

# Where the same words mean the same, the domain's short reason gets its subject in front.
PREFIXES: dict[type[DomainError], str] = {
    ForecastError: "FORECAST_",
    PaymentError: "PAYMENT_",
    PermitError: "PERMIT_",
    ReservationError: "RESERVATION_",
    SessionError: "SESSION_",
}
RENAMED = {
    "FORECAST_TOO_LITTLE_HISTORY": "FORECAST_NOT_ENOUGH_HISTORY",
    "FORECAST_NO_RECENT_READING": "FORECAST_NO_RECENT_READING",
    "RESERVATION_LOT_FULLY_RESERVED": "LOT_FULL",
}
EXHAUSTED = frozenset({"LOT_FULL"})
# The request itself is wrong, whatever the state.
ALWAYS_WRONG = frozenset(
    {
        "RESERVATION_WINDOW_REVERSED",
        "RESERVATION_WINDOW_TOO_LONG",
        "RESERVATION_WINDOW_IN_THE_PAST",
        "RESERVATION_WINDOW_TOO_FAR_AHEAD",
        "SESSION_REQUIRED",
    }
)
STATEFUL = (
    CalendarNotPublishedError,
    ForecastError,
    PaymentError,
    PermitError,
    ReservationError,
    SessionError,
)
# The domain's names of things, as the requests call them.
FIELDS = {
    "starts_at": "start_time",
    "ends_at": "end_time",
    "entered": "start_time",
    "left": "end_time",
    "visits": "end_time",
}


def to_error(refusal: DomainError, field: str | None = None) -> XianbanError:
    """The same refusal for the wire; `field` names the request's field when the caller knows it."""
    reason = _reason(refusal)
    named = field or FIELDS.get(refusal.field or "", refusal.field)
    error = _kind(refusal, reason)(reason, field=named)
    error.params.update(refusal.params)
    return error


@contextmanager
def refusals(field: str | None = None) -> Iterator[None]:
    """What the domain refuses inside leaves as an error of the service."""
    try:
        yield
    except DomainError as refusal:
        raise to_error(refusal, field) from refusal


def _reason(refusal: DomainError) -> str:
    prefix = PREFIXES.get(type(refusal), "")
    reason = refusal.reason
    if not isinstance(refusal, PlateError) and not reason.startswith(prefix):
        reason = prefix + reason
    return RENAMED.get(reason, reason)


def _kind(refusal: DomainError, reason: str) -> type[XianbanError]:
    if reason in EXHAUSTED:
        return ResourceExhausted
    if reason in ALWAYS_WRONG:
        return InvalidArgument
    return FailedPrecondition if isinstance(refusal, STATEFUL) else InvalidArgument
