"""What the identity domain refuses, and why, in words a program and a person can read."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Conflict", "Invalid", "LimitReached", "NotAllowed", "Refusal"]


class Refusal(Exception):
    """A refusal with an UPPER_SNAKE reason, the field at fault and the numbers behind it."""

    def __init__(
        self, reason: str, field: str | None = None, params: Mapping[str, str | int] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.params: dict[str, str | int] = dict(params or {})


class Invalid(Refusal):
    """The request is wrong, whatever the state."""


class NotAllowed(Refusal):
    """The state, an age or the law forbids the act."""


class Conflict(Refusal):
    """The same thing is there already."""


class LimitReached(Refusal):
    """A limit in number or time is used up."""
