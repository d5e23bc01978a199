"""What a carer may see of an elder because they are sent to them (C11).

A carer by role has no tie to an elder but the visit: from a day before until a day after it the
elder's name, home and needs and how they are in one look; single readings only while an alarm
stands or just was. At any other time the elder answers as an absent one does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection
from xianban_sdk.clock import Clock
from xianban_sdk.errors import NotFound

from xianban_eldercare.repository import Scope
from xianban_eldercare.repository.alarms import Alarms
from xianban_eldercare.repository.visits import Visits

__all__ = ["must_be_sent", "must_have_an_alarm"]

_BASIS: Final = "role:carer"
# Who also holds one of these answers for the elders of their areas anyway.
_BEYOND: Final = frozenset({"station-manager", "dispatcher"})
_AFTER_ALARM: Final = timedelta(minutes=30)


def must_be_sent(field: str, *, basis: str, scope: Scope, conn: Connection, clock: Clock) -> None:
    """Raises, as of an absent elder, of a carer by role who has no visit there about now."""
    if basis != _BASIS or not scope.roles.isdisjoint(_BEYOND):
        return
    if not Visits(conn, scope).sent_to(str(scope.subject), clock.now()):
        raise NotFound("RESIDENT_NOT_FOUND", field=field)


def must_have_an_alarm(
    field: str, *, basis: str, scope: Scope, conn: Connection, clock: Clock
) -> None:
    """Of single readings: raises, too, when no alarm stands and none ended within half an hour."""
    if basis != _BASIS:
        return
    if not Alarms(conn, scope).since(str(scope.subject), clock.now() - _AFTER_ALARM):
        raise NotFound("RESIDENT_NOT_FOUND", field=field)
