"""What the parking domain refuses, and why, in words a program and a person can read."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "CalendarNotPublishedError",
    "DomainError",
    "ForecastError",
    "MeasureError",
    "PaymentError",
    "PermitError",
    "PlateError",
    "ReservationError",
    "SessionError",
    "StayError",
    "TariffError",
]


class DomainError(Exception):
    """A refusal with an UPPER_SNAKE reason, the field at fault and the numbers behind it."""

    def __init__(
        self, reason: str, field: str | None = None, params: Mapping[str, str | int] | None = None
    ) -> None:
        self.reason = reason
        self.field = field
        self.params: dict[str, str | int] = dict(params or {})
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        where = f" at {self.field}" if self.field else ""
        facts = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.reason}{where}" + (f" ({facts})" if facts else "")


class PlateError(DomainError):
    """The text is no number plate of the People's Republic."""


class CalendarNotPublishedError(DomainError):
    """The State Council's holiday notice for a year is not known here."""


class TariffError(DomainError):
    """A tariff's data contradicts itself or the schema; `field` is the path."""


class StayError(DomainError):
    """The time to be priced is no time: reversed, naive, overlapping or absurdly long."""


class SessionError(DomainError):
    """A gate event or an act on a session that its state forbids."""


class ReservationError(DomainError):
    """A reservation can't be made, or its state forbids the act."""


class PaymentError(DomainError):
    """A payment step or posting the ledger can't allow."""


class PermitError(DomainError):
    """A permit can't be granted, changed or refunded."""


class ForecastError(DomainError):
    """Too little or too late data to forecast honestly."""


class MeasureError(DomainError):
    """A plain value (count, coordinate, expression) outside its range."""
