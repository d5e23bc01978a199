"""When the button was pressed, and which call each press belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from xianban_sdk.storage import insert_new, upsert

from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.rows import columns
from xianban_eldercare.repository.tables import press

__all__ = ["CALL", "CALL_OFF", "PressRow", "Presses"]

CALL: Final = "sos"
CALL_OFF: Final = "sos-cancel"


@dataclass(frozen=True, slots=True)
class PressRow:
    """One press of a button."""

    resident: str
    id: str
    device: str
    kind: str
    alert: str
    pressed_at: datetime
    heard_at: datetime
    called_off_at: datetime | None = None


class Presses(Repository):
    """Presses by elders whom the caller may see."""

    def add(self, row: PressRow) -> bool:
        """False when this press was heard before."""
        return insert_new(self.conn, press, columns(row))

    def put(self, row: PressRow) -> None:
        """A press for help. One heard again stays as it was; counters begin anew, so that the
        same id at another time is another press."""
        if self.add(row):
            return
        known = self._get(row.resident, row.id)
        if known is None or (known.alert, known.pressed_at) != (row.alert, row.pressed_at):
            upsert(self.conn, press, columns(row))

    def _get(self, resident: str, event: str) -> PressRow | None:
        query = select(press).where(press.c.resident == resident, press.c.id == event)
        found = self.conn.execute(query.where(self.visible(press.c.resident))).mappings().first()
        return PressRow(**found) if found else None

    def of(self, alert: str) -> list[PressRow]:
        """Those that an alert stands for, newest first."""
        query = select(press).where(
            press.c.alert == alert, press.c.kind == CALL, self.visible(press.c.resident)
        )
        ordered = query.order_by(press.c.pressed_at.desc(), press.c.id.desc())
        return [PressRow(**row) for row in self.conn.execute(ordered).mappings()]

    def call_off(self, row: PressRow, at: datetime) -> None:
        """Of no use any more; the row is the caller's."""
        mine = (press.c.resident == row.resident, press.c.id == row.id)
        statement = update(press).where(*mine, self.visible(press.c.resident))
        self.conn.execute(statement.values(called_off_at=at))
