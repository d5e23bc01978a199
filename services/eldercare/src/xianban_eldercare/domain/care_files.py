"""为老服务档案: what those who care for an elder must know."""

from __future__ import annotations

from enum import Enum

__all__ = ["CareLevel", "Living"]


class Living(Enum):
    """With whom an elder lives."""

    UNKNOWN = ""
    ALONE = "alone"
    WITH_SPOUSE = "with-spouse"
    WITH_FAMILY = "with-family"
    IN_INSTITUTION = "in-institution"


class CareLevel(Enum):
    """How much help an elder needs, GB/T 42195-2022 4.3; a higher number is more."""

    UNKNOWN = 0
    INTACT = 1
    MILD = 2
    MODERATE = 3
    SEVERE = 4
    COMPLETE = 5
