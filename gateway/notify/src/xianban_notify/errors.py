"""Notify's own refusals."""

from xianban_sdk.errors import NotFound


def message_not_found() -> NotFound:
    """Absent, or somebody else's: both answer the same."""
    return NotFound("MESSAGE_NOT_FOUND", field="name")
