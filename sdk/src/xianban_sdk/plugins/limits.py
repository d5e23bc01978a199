"""What one plugin may take of the machine: bounds of its process and of each call."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The manifest's ``[limits]``; what it does not name is as here."""

    memory_mb: int = 256
    """Address space beyond the interpreter's own at the start."""
    call_seconds: float = 5.0
    """The longest a call may take where its caller names no time."""
    reply_kb: int = 1024
    """One answer, or one instalment of a stream."""
    scratch_mb: int = 16
    """The private directory: all that the plugin can write."""
    calls_at_once: int = 4
    """More wait for their turn within their own time."""
