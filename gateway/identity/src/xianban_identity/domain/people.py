"""People, their households, their real-name level and their staff memberships."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from xianban_identity.domain.ages import ADULT, FOURTEEN, is_younger
from xianban_identity.domain.errors import Invalid

__all__ = [
    "HouseholdRole",
    "Level",
    "Membership",
    "Person",
    "clean_name",
    "mask_phone",
    "same_name",
]


class Level(IntEnum):
    """How surely the suite knows who a person is."""

    PHONE = 1
    ID_MATCHED = 2
    IN_PERSON = 3


class HouseholdRole(StrEnum):
    """A person's line in the household register (户口簿)."""

    NONE = ""
    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Person:
    """One natural person; names and phone are plain here and encrypted at rest."""

    id: str
    phone: str
    name: str = ""
    birth: date | None = None
    level: Level = Level.PHONE
    locale: str = "zh-CN"
    profile: str = "standard"
    household: str = ""
    household_role: HouseholdRole = HouseholdRole.NONE
    deceased: bool = False

    def is_minor(self, now: datetime) -> bool:
        """Under 18."""
        return is_younger(self.birth, ADULT, now)

    def is_under_fourteen(self, now: datetime) -> bool:
        """Under 14: a guardian consents (PIPL art. 31)."""
        return is_younger(self.birth, FOURTEEN, now)

    def shares_household(self, other: Person) -> bool:
        """Both stand in the same household register."""
        return bool(self.household) and self.household == other.household


@dataclass(frozen=True, slots=True)
class Membership:
    """A staff role in an organisation, within areas (path prefixes such as 310120/nanqiao)."""

    id: str
    person: str
    organisation: str
    role: str
    areas: tuple[str, ...]
    active: bool = True


def clean_name(raw: str) -> str:
    """NFC as written, without control and format characters; bounded."""
    text = unicodedata.normalize("NFC", raw)
    kept = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    name = " ".join(kept.split())
    if not 1 <= len(name) <= 64:
        raise Invalid("NAME_INVALID", "name")
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two spellings mean the same name: width, case, spaces and middle dots don't count."""
    return bool(one) and _key(one) == _key(other)


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if c.isalnum())


def mask_phone(phone: str) -> str:
    """139****0001."""
    return f"{phone[:3]}****{phone[-4:]}"
