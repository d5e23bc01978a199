"""How old somebody is, from the service's own copy of identity's log."""

from __future__ import annotations

from datetime import UTC, date

from sqlalchemy import Connection, select
from xianban.common.v1 import relations_pb2
from xianban_sdk.clock import local_day
from xianban_sdk.storage.tables import relation_record

__all__ = ["age_on"]

_ADULT = 18


def age_on(conn: Connection, person: str, day: date) -> int | None:
    """Full years on a local day; None where identity has told no birthday."""
    query = select(relation_record.c.data).where(
        relation_record.c.kind == "person", relation_record.c.id == person
    )
    data = conn.scalar(query)
    state = relations_pb2.RelationRecord.FromString(bytes(data)).person if data else None
    if state is None or not state.HasField("adult_time"):
        return None
    adult = local_day(state.adult_time.ToDatetime(UTC))
    before = (day.month, day.day) < (adult.month, adult.day)
    return day.year - adult.year - before + _ADULT
