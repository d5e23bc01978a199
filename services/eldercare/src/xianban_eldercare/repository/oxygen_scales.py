"""By which of NEWS2's scales each elder's blood oxygen counts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select
from xianban_sdk.storage import upsert
from xianban_sdk.storage.among import among

from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.rows import OxygenScaleRow, columns
from xianban_eldercare.repository.tables import oxygen_scale

__all__ = ["OxygenScales", "on_scale_2"]


class OxygenScales(Repository):
    """What clinicians chose for elders whom the caller may see."""

    def find(self, resident: str) -> OxygenScaleRow | None:
        mine = (oxygen_scale.c.resident == resident, self.visible(oxygen_scale.c.resident))
        row = self.conn.execute(select(oxygen_scale).where(*mine)).mappings().first()
        return OxygenScaleRow(**row) if row else None

    def put(self, row: OxygenScaleRow) -> None:
        """The caller may see the elder; the handler has asked."""
        upsert(self.conn, oxygen_scale, columns(row))


def on_scale_2(conn: Connection, residents: Collection[str]) -> frozenset[str]:
    """Who of them, for the rules; nobody sees the answer."""
    if not residents:
        return frozenset()
    mine = (among(conn, oxygen_scale.c.resident, residents), oxygen_scale.c.scale == 2)
    return frozenset(conn.scalars(select(oxygen_scale.c.resident).where(*mine)))
