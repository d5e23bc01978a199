"""Answers in the database; the service's own work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new

from xianban_notify.repository.tables import answer

__all__ = ["AnswerRow", "Answers"]


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """What somebody answered to one delivery. `outcome`: "" while it is judged, then a word."""

    id: str
    person: str
    handle: str
    answered_at: datetime
    outcome: str = ""
    shown_at: datetime | None = None
    tries: int = 0


class Answers:
    """All answers."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, row: AnswerRow) -> bool:
        """False when the delivery was answered before."""
        return insert_new(self._conn, answer, columns(row))

    def to_show(self, most: int) -> list[AnswerRow]:
        """Judged, and not shown to who answered."""
        query = select(answer).where(answer.c.shown_at.is_(None), answer.c.outcome != "")
        rows = self._conn.execute(query.order_by(answer.c.id).limit(most)).mappings()
        return [AnswerRow(**row) for row in rows]

    def change(self, answer_id: str, **values: Any) -> None:
        """Writes what changed."""
        self._conn.execute(update(answer).where(answer.c.id == answer_id).values(**values))
