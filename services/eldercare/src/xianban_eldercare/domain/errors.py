"""What the domain refuses, and why, in words a program and a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["AssessmentError", "Fault", "Refused", "RulesError"]


class RulesError(ValueError):
    """A rule file contradicts itself or the schema; the message names file and place."""


class Refused(Exception):
    """A step that is not allowed, with an UPPER_SNAKE reason and the field that is wrong."""

    def __init__(self, reason: str, field: str = "name", **params: str | int) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field
        # What the text has to say, by name.
        self.params: dict[str, Any] = params


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: `rule` is an UPPER_SNAKE reason, `at` the item or kind."""

    at: str
    rule: str
    most: int = 0


class AssessmentError(Exception):
    """Answers that the rules can't count; every one at fault is named."""

    def __init__(self, reason: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{reason}: {', '.join(fault.at for fault in faults)}")
        self.reason = reason
        self.faults = faults
