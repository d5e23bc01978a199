"""Who works for an organisation, and for which work their licences are good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from xianban_eldercare.domain.errors import Refused
from xianban_eldercare.domain.visits import VisitKind

__all__ = ["NEEDED", "WARNING", "Licence", "LicenceKind", "Staff", "rosterable"]

# An expiry is warned of this long ahead.
WARNING: Final = timedelta(days=30)


class LicenceKind(StrEnum):
    """What somebody must hold to do certain work."""

    HEALTH = "health"
    CARE_WORKER = "care-worker"
    NURSE = "nurse"
    THERAPIST = "therapist"


_HEALTH: Final = (LicenceKind.HEALTH,)

# What each kind of visit asks for. 养老服务: 健康证明 for whoever touches food or people,
# 职业技能等级证书 for care of the body, 护士执业证书 for nursing (护士条例 第七条).
NEEDED: Final[Mapping[VisitKind, tuple[LicenceKind, ...]]] = {
    VisitKind.CALL: (),
    VisitKind.MEAL: _HEALTH,
    VisitKind.CLEANING: _HEALTH,
    VisitKind.PERSONAL_CARE: (*_HEALTH, LicenceKind.CARE_WORKER),
    VisitKind.BATHING: (*_HEALTH, LicenceKind.CARE_WORKER),
    VisitKind.NURSING: (*_HEALTH, LicenceKind.NURSE),
    VisitKind.REHABILITATION: (*_HEALTH, LicenceKind.THERAPIST),
}


@dataclass(frozen=True, slots=True)
class Licence:
    """Holds from the first to the last day, both included; local dates."""

    kind: LicenceKind
    number: str
    issued_on: date
    expires_on: date

    def holds(self, day: date) -> bool:
        return self.issued_on <= day <= self.expires_on

    def expired(self, today: date) -> bool:
        return self.expires_on < today

    def expires_soon(self, today: date) -> bool:
        """Within the warning, and not yet."""
        return today <= self.expires_on <= today + WARNING


@dataclass(frozen=True, slots=True)
class Staff:
    """Employment and licences of one person."""

    employed_on: date
    leaves_on: date | None
    active: bool
    licences: tuple[Licence, ...] = ()


def rosterable(staff: Staff, kind: VisitKind, days: Iterable[date]) -> None:
    """Raises Refused with the first thing in the way on one of the local days."""
    if not staff.active:
        raise Refused("CARER_INACTIVE", "visit.carer")
    for day in days:
        if day < staff.employed_on or (staff.leaves_on is not None and day > staff.leaves_on):
            raise Refused("CARER_NOT_EMPLOYED", "visit.start_time", day=day.isoformat())
        for needed in NEEDED[kind]:
            _licensed(staff, needed, day)


def _licensed(staff: Staff, needed: LicenceKind, day: date) -> None:
    held = [one for one in staff.licences if one.kind is needed]
    if not held:
        raise Refused("LICENCE_MISSING", "visit.carer", licence=needed.value)
    if not any(one.holds(day) for one in held):
        last = max(held, key=lambda one: one.expires_on)
        raise Refused(
            "LICENCE_NOT_VALID",
            "visit.carer",
            licence=needed.value,
            number=last.number,
            until=last.expires_on.isoformat(),
        )
