"""The keys that sign gate tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from xianban_sdk.storage import insert_new

from xianban_parking.repository.narrowing import Repository
from xianban_parking.repository.tables import gate_key

__all__ = ["GateKeys"]

# Built once: every reservation asks it.
_CURRENT = select(gate_key.c.private).where(gate_key.c.current.is_(True))


class GateKeys(Repository):
    """Private keys as JWK texts, encrypted at rest; retired ones still verify."""

    def current(self) -> str | None:
        return self.conn.scalar(_CURRENT)

    def all(self) -> list[str]:
        query = select(gate_key.c.private).order_by(gate_key.c.created_at)
        return list(self.conn.scalars(query))

    def add(self, kid: str, private: str, now: datetime) -> bool:
        """False when another process made the first key meanwhile."""
        row = {"kid": kid, "private": private, "current": True, "created_at": now}
        return insert_new(self.conn, gate_key, row)
