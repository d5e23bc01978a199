"""Incidents at a car park: how bad each sight is, whom it reaches, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from xianban_sdk.alerts import Alert, AlertBook, Ladder, Recipient, Rung, Severity
from xianban_sdk.public.cameras import Sight
from xianban_sdk.staff import badge_name, responders
from xianban_sdk.storage import UnitOfWork

__all__ = ["BOOK", "FIRE", "SEVERITIES"]

FIRE: Final = str(Sight.FIRE)

SEVERITIES: Final[Mapping[Sight, Severity]] = {
    Sight.FIRE: Severity.EXTREME,
    Sight.PERSON_DOWN: Severity.EXTREME,
    Sight.FIRE_LANE: Severity.SEVERE,
    Sight.CROWD: Severity.SEVERE,
    Sight.BARRIER_DAMAGE: Severity.MODERATE,
    Sight.WATER: Severity.MODERATE,
}

# The car park's own staff first; then whoever is on duty for the district.
_ROLES: Final = {"car-park": {"parking-operator"}, "district": {"dispatcher"}}


def _ladder(first: timedelta, unhandled: timedelta) -> Ladder:
    rungs = [Rung("car-park", first), Rung("district", timedelta(minutes=10))]
    return Ladder(rungs, unhandled_after=unhandled)


def _who(rung: Rung, alert: Alert, uow: UnitOfWork) -> Sequence[Recipient]:
    return [Recipient(person) for person in responders(uow.conn, _ROLES[rung.name], alert.area)]


def _name_of(person: str, alert: Alert, uow: UnitOfWork) -> str:
    return badge_name(uow.conn, person)


def _link(alert: Alert) -> str:
    return f"/parking/operator/incidents/{alert.id}"


BOOK: Final = AlertBook(
    package="xianban_parking",
    who=_who,
    name_of=_name_of,
    link=_link,
    ladders={
        Severity.MODERATE: _ladder(timedelta(minutes=15), timedelta(hours=4)),
        Severity.SEVERE: _ladder(timedelta(minutes=5), timedelta(hours=1)),
        Severity.EXTREME: _ladder(timedelta(minutes=1), timedelta(minutes=15)),
    },
)
