"""The demo district's people: stable ids that seeds, tests and the CLI share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PEOPLE", "DemoPerson", "person_id", "phone"]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One of the demo people; ``alias`` is what ``xianban token --as`` takes."""

    alias: str
    id: str
    phone: str


_ALIASES: Final = (
    "resident",
    "daughter",
    "elder",
    "guardian",
    "child",
    "doctor",
    "teacher",
    "carer",
    "dispatcher",
    "relic-guardian",
    "operator",
    "auditor",
    "vendor",
    "admin",
    "station-manager",
    "assessor",
)

# ULIDs of one fixed instant (2026-01-01) with a readable number as their random part.
_ULID_START: Final = "01KDVHX800"

PEOPLE: Final[dict[str, DemoPerson]] = {
    alias: DemoPerson(alias, f"{_ULID_START}DEM0{number:012d}", f"139000000{number:02d}")
    for number, alias in enumerate(_ALIASES, start=1)
}


def person_id(alias: str) -> str:
    """The id of a demo person; KeyError names the known ones."""
    if alias not in PEOPLE:
        raise KeyError(f"no demo person {alias!r}; there are {', '.join(PEOPLE)}")
    return PEOPLE[alias].id


def phone(alias: str) -> str:
    """The phone number a demo person logs in with."""
    return PEOPLE[alias].phone
