"""People's own limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select
from xianban_sdk.readings import Severity
from xianban_sdk.storage import upsert
from xianban_sdk.storage.among import among

from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.tables import threshold
from xianban_eldercare.vitals import Limits

__all__ = ["Thresholds", "limits_of"]


class Thresholds(Repository):
    """The limits of an elder whom the caller may see."""

    def of(self, resident: str) -> dict[str, Limits]:
        """Kind → the person's own limits."""
        query = select(threshold).where(
            threshold.c.resident == resident, self.visible(threshold.c.resident)
        )
        return {row.kind: _limits(row) for row in self.conn.execute(query)}

    def put(self, resident: str, kind: str, limits: Limits) -> None:
        """The caller may see the elder; the handler has asked."""
        row = {
            "resident": resident,
            "kind": kind,
            "low": limits.low,
            "high": limits.high,
            "sustain_seconds": int(limits.lasting.total_seconds()),
            "severity": int(limits.severity),
        }
        upsert(self.conn, threshold, row)

    def put_all(self, resident: str, limits: Mapping[str, Limits]) -> None:
        """In place of those before; the handler has asked."""
        self.conn.execute(delete(threshold).where(threshold.c.resident == resident))
        for kind, one in limits.items():
            self.put(resident, kind, one)


def limits_of(conn: Connection, residents: Collection[str]) -> dict[tuple[str, str], Limits]:
    """(resident, kind) → own limits, for the rules; nobody sees the answer."""
    query = select(threshold).where(among(conn, threshold.c.resident, residents))
    return {(row.resident, row.kind): _limits(row) for row in conn.execute(query)}


def _limits(row: Any) -> Limits:
    return Limits(
        row.low,
        row.high,
        timedelta(seconds=row.sustain_seconds),
        Severity(row.severity),
    )
