"""Who answers for an area, from the service's own copy of identity's log."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, Select, select
from xianban.common.v1 import relations_pb2

from xianban_sdk.repository import covers
from xianban_sdk.storage.tables import relation_record

__all__ = ["badge_name", "has_role", "responders"]

_RUNNING: Final = (relation_record.c.kind == "membership", relation_record.c.active.is_(True))


def responders(conn: Connection, roles: Collection[str], area: str) -> list[str]:
    """People with one of the roles in the area or above it, by id."""
    states = _memberships(conn, select(relation_record.c.data).where(*_RUNNING))
    return sorted({one.person for one in states if one.role in roles and _covers(one, area)})


def has_role(conn: Connection, person: str, role: str, area: str) -> bool:
    """As `responders`, of one person."""
    query = select(relation_record.c.data).where(*_RUNNING, relation_record.c.actor == person)
    return any(one.role == role and _covers(one, area) for one in _memberships(conn, query))


def badge_name(conn: Connection, person: str) -> str:
    """The name under which a member of staff works; "" of anybody else."""
    query = select(relation_record.c.data).where(
        relation_record.c.kind == "membership", relation_record.c.actor == person
    )
    states = _memberships(conn, query)
    return next((state.display_name for state in states if state.display_name), "")


def _memberships(conn: Connection, query: Select[bytes]) -> list[relations_pb2.MembershipState]:
    found = conn.execute(query).scalars()
    return [relations_pb2.RelationRecord.FromString(bytes(data)).membership for data in found]


def _covers(state: relations_pb2.MembershipState, area: str) -> bool:
    return covers(tuple(state.areas), area)
