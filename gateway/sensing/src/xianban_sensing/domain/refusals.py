"""What is wrong with an NGSI-LD request. Pure."""

from __future__ import annotations

__all__ = ["RefusedError"]


class RefusedError(ValueError):
    """A document or query is refused; `reason` is UPPER_SNAKE, `field` names the part."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{reason} {field}")
        self.reason = reason
        self.field = field
