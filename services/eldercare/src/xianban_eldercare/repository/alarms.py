"""Whether an elder's alarm stands or just was: what lets a carer see single readings (C11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from xianban_sdk.alerts import Alert, State
from xianban_sdk.alerts.repository import AlertRows, key_of
from xianban_sdk.alerts.tables import alert

from xianban_eldercare.repository.narrowing import Repository

__all__ = ["NOT_OF_HEALTH", "Alarms"]

# A carer who is late must not see more for it.
NOT_OF_HEALTH: Final = ("visit-late",)


class Alarms(Repository):
    """Alarms of the elder the call is about."""

    def standing(self, rule: str, subjects: Iterable[str]) -> list[Alert]:
        """The open ones of a rule, with those subjects that have one."""
        keys = [key_of(rule, subject) for subject in sorted(subjects)]
        open_ones = (alert.c.key.in_(keys), alert.c.state < State.RESOLVED)
        query = select(alert.c.id).where(*open_ones, self.own(alert.c.resident))
        ids = self.conn.scalars(query.order_by(alert.c.id)).all() if keys else ()
        return AlertRows(self.conn, self.scope).several(ids) if ids else []

    def since(self, resident: str, instant: datetime) -> bool:
        """One is open, or was resolved or closed after the instant."""
        over = (alert.c.resolved_at > instant) | (alert.c.closed_at > instant)
        query = select(alert.c.id).where(
            alert.c.resident == resident,
            self.own(alert.c.resident),
            alert.c.key.not_in(_not_of_health(resident)),
            (alert.c.state < State.RESOLVED) | over,
        )
        return self.conn.scalar(query.limit(1)) is not None


def _not_of_health(resident: str) -> list[str]:
    return [key_of(rule, f"residents/{resident}") for rule in NOT_OF_HEALTH]
