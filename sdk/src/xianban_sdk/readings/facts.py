"""What the rules and the watch over silence found: handed to whoever keeps the alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xianban_sdk.findings import Reason, Severity
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["Cleared", "Fact", "OnFacts", "Raised", "Reason", "Severity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A condition has begun; `again`: it was told before and goes on (repeat, end of a snooze).

    `rule`, `subject` and `device` together name the condition; `kind` is "" when the device as a
    whole is meant.
    """

    rule: str
    subject: str
    device: str
    kind: str
    severity: Severity
    since: datetime
    reasons: tuple[Reason, ...] = field(default=())
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """The condition is over."""

    rule: str
    subject: str
    device: str
    kind: str
    at: datetime
    reasons: tuple[Reason, ...] = field(default=())


Fact = Raised | Cleared

# Called inside the transaction that stored what the facts rest on, with at least one fact.
OnFacts = Callable[[Sequence[Fact], UnitOfWork], None]
