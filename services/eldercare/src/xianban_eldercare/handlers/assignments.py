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

__all__ = ["by_visit_alone", "may_see_points", "must_be_sent"]

_BASIS: Final = "role:carer"
# Who also holds one of these answers for the elders of their areas anyway.
_BEYOND: Final = frozenset({"station-manager", "dispatcher"})
_AFTER_ALARM: Final = timedelta(minutes=30)


def by_visit_alone(basis: str, scope: Scope) -> bool:
    """The caller has no other tie to the elder than being sent there."""
    return basis == _BASIS and scope.roles.isdisjoint(_BEYOND)


def must_be_sent(field: str, *, basis: str, scope: Scope, conn: Connection, clock: Clock) -> None:
    """Raises, as of an absent elder, of a carer by role who has no visit there about now."""
    if by_visit_alone(basis, scope):
        _sent(field, scope, conn, clock)


def may_see_points(
    field: str, *, raw: bool, basis: str, scope: Scope, conn: Connection, clock: Clock
) -> None:
    """Of a quantity's past, which managers do not see: the visit alone counts.

    Single readings: raises, too, when no alarm stands and none ended within half an hour.
    """
    if basis != _BASIS:
        return
    _sent(field, scope, conn, clock)
    since = clock.now() - _AFTER_ALARM
    if raw and not Alarms(conn, scope).since(str(scope.subject), since):
        raise NotFound("RESIDENT_NOT_FOUND", field=field)


def _sent(field: str, scope: Scope, conn: Connection, clock: Clock) -> None:
    if not Visits(conn, scope).sent_to(str(scope.subject), clock.now()):
        raise NotFound("RESIDENT_NOT_FOUND", field=field)
