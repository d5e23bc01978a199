"""How bad it is, for readings' rules and alerts alike."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Severity"]


class Severity(IntEnum):
    """CAP 1.2 <severity>; the numbers are those of `AlertSeverity` on the wire."""

    MINOR = 1
    MODERATE = 2
    SEVERE = 3
    EXTREME = 4
