"""为老服务档案: what those who care for an elder must know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["CareLevel", "Condition", "Contact", "Living", "Place"]


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


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call."""

    display_name: str
    phone: str
    relation: str = ""
    person: str = ""
    """Their person id, when they have an account."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something a carer or a paramedic must know."""

    code: str
    """ICD-10; empty: only said in words."""
    display: str


@dataclass(frozen=True, slots=True)
class Place:
    """WGS 84, degrees; accuracy in metres."""

    latitude: float
    longitude: float
    accuracy_m: float = 0.0
