"""Who answers for an area, from the service's own copy of identity's log; and what is worn."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select
from xianban.common.v1 import relations_pb2
from xianban_sdk.readings.tables import device_watch
from xianban_sdk.repository import covers
from xianban_sdk.storage import keyed_hash
from xianban_sdk.storage.tables import relation_record

__all__ = ["badge_name", "responders", "speaking_for"]


def responders(conn: Connection, roles: Collection[str], area: str) -> list[str]:
    """People with one of the roles in the area or above it, by id."""
    query = select(relation_record.c.data).where(
        relation_record.c.kind == "membership", relation_record.c.active.is_(True)
    )
    found: set[str] = set()
    for data in conn.execute(query).scalars():
        state = relations_pb2.RelationRecord.FromString(bytes(data)).membership
        if state.role in roles and covers(tuple(state.areas), area):
            found.add(state.person)
    return sorted(found)


def badge_name(conn: Connection, person: str) -> str:
    """The name under which a member of staff works; "" of anybody else."""
    query = select(relation_record.c.data).where(
        relation_record.c.kind == "membership", relation_record.c.actor == person
    )
    states = [
        relations_pb2.RelationRecord.FromString(bytes(data)).membership
        for data in conn.execute(query).scalars()
    ]
    return next((state.display_name for state in states if state.display_name), "")


def speaking_for(conn: Connection, subject: str) -> list[str]:
    """The devices bound to somebody, by id."""
    query = select(device_watch.c.device).where(device_watch.c.subject_key == keyed_hash(subject))
    return sorted(conn.scalars(query))
