"""Whether an elder's alarm stands or just was: what lets a carer see single readings (C11)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from xianban_sdk.alerts import State
from xianban_sdk.alerts.repository import key_of
from xianban_sdk.alerts.tables import alert

from xianban_eldercare.repository.narrowing import Repository

__all__ = ["NOT_OF_HEALTH", "Alarms"]

# A carer who is late must not see more for it.
NOT_OF_HEALTH: Final = ("visit-late",)


class Alarms(Repository):
    """Alarms of the elder the call is about."""

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
