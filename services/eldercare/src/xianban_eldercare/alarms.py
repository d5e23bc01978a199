"""Whom an elder's alarm reaches, in which order (C6): family, 居委, station, 120."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from xianban_sdk import playbooks
from xianban_sdk.alerts import (
    Alert,
    AlertBook,
    Finding,
    Ladder,
    Place,
    Reason,
    Recipient,
    Rung,
    Severity,
)
from xianban_sdk.clock import local_day
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.subjects import resident_of
from xianban_eldercare.repository import MACHINE, CareFiles, Referrals
from xianban_eldercare.repository.responders import badge_name, responders
from xianban_eldercare.sending import sent

__all__ = ["BATTERY_LOW", "BOOK", "called", "family_of", "finding_about"]

BATTERY_LOW: Final = "battery-low"

_FAMILY: Final = Rung("family", timedelta(minutes=3))
_NEIGHBOURHOOD: Final = Rung("neighbourhood", timedelta(minutes=5))
_STATION: Final = Rung("station", timedelta(minutes=5))
_RESCUE: Final = Rung("120", timedelta(minutes=10))
_SHORT: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)

# Who stands on a rung besides the family: staff with one of these roles in the elder's area.
_ROLES: Final[Mapping[str, frozenset[str]]] = {
    "neighbourhood": frozenset({"neighbourhood-worker"}),
    "station": frozenset({"station-manager", "carer-on-duty"}),
    # Whoever looks after the devices.
    "keeper": frozenset({"device-keeper", "station-manager"}),
    # A dispatcher calls 120 and stays with it.
    "120": frozenset({"dispatcher"}),
}


def _who(rung: Rung, alert: Alert, uow: UnitOfWork) -> Sequence[Recipient]:
    if rung.name == _FAMILY.name:
        return [Recipient(person) for person in family_of(alert.resident, uow)]
    people = _staff(rung, alert, uow) or responders(uow.conn, _ROLES[rung.name], alert.area)
    return [Recipient(person) for person in people]


def _staff(rung: Rung, alert: Alert, uow: UnitOfWork) -> list[str]:
    """Of an elder who was referred somewhere: who works there stands on the station's rung."""
    book = Referrals(uow.conn, MACHINE)
    stay = book.stay(alert.resident) if rung.name == _STATION.name and alert.resident else None
    if stay is None or stay.organisation is None:
        return []
    return book.employed(stay.organisation, local_day(uow.clock.now()))


def family_of(resident: str, uow: UnitOfWork) -> list[str]:
    """The file's contacts who have an account, in the file's order."""
    return list(dict.fromkeys(one["person"] for one in _contacts(resident, uow) if one["person"]))


def finding_about(
    subject: str,
    rule: str,
    severity: Severity,
    reasons: Sequence[Reason],
    *,
    uow: UnitOfWork,
    place: Place | None = None,
    at: datetime | None = None,
) -> Finding:
    """A condition that holds of an elder, with their name and area if they have a file."""
    row = CareFiles(uow.conn, MACHINE).find(resident_of(subject))
    return Finding(
        rule=rule,
        subject=subject,
        severity=severity,
        area=row.area if row else "",
        subject_display=row.display_name if row else "",
        reasons=reasons,
        place=place,
        at=at,
    )


def _contacts(resident: str, uow: UnitOfWork) -> list[dict[str, Any]]:
    row = CareFiles(uow.conn, MACHINE).find(resident)
    return orjson.loads(row.contacts) if row and row.contacts else []


def _name_of(person: str, alert: Alert, uow: UnitOfWork) -> str:
    if person == alert.resident:
        return alert.subject_display
    return called(person, alert.resident, uow)


def called(person: str, resident: str, uow: UnitOfWork) -> str:
    """As the elder's file calls the family, and as staff are known by their badge."""
    known = {one["person"]: one["display_name"] for one in _contacts(resident, uow)}
    return known.get(person) or badge_name(uow.conn, person)


def _link(alert: Alert) -> str:
    return f"/eldercare/{alert.name}"


BOOK: Final = AlertBook(
    package="xianban_eldercare",
    who=_who,
    name_of=_name_of,
    link=_link,
    follower=playbooks.follow,
    sends=sent,
    own_acknowledge="/xianban.eldercare.v1.MonitoringService/AcknowledgeResidentAlert",
    ladders={
        Severity.MODERATE: Ladder([_FAMILY, _STATION]),
        Severity.SEVERE: Ladder(
            [_FAMILY, _NEIGHBOURHOOD, _STATION, _RESCUE], unhandled_after=timedelta(minutes=30)
        ),
        # A call for help or smoke: everybody within minutes.
        Severity.EXTREME: Ladder(
            [
                Rung("family", _SHORT),
                Rung("neighbourhood", _SHORT),
                Rung("station", _SHORT),
                _RESCUE,
            ],
            unhandled_after=timedelta(minutes=15),
        ),
    },
    rule_ladders={
        # Nobody is woken for a low battery, but it must not die unseen.
        (BATTERY_LOW, Severity.MINOR): Ladder(
            [Rung("family", _DAY), Rung("keeper", _DAY)], unhandled_after=_DAY, calm=True
        ),
    },
)
