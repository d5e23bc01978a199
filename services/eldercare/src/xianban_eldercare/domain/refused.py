"""What a rule of the domain says no to."""

from __future__ import annotations

from typing import Any

__all__ = ["Refused"]


class Refused(Exception):
    """A step that is not allowed, with an UPPER_SNAKE reason and the field that is wrong."""

    def __init__(self, reason: str, field: str = "name", **params: str | int) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field
        # What the text has to say, by name.
        self.params: dict[str, Any] = params
