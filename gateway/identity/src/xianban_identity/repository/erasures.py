"""Receipts of erasures: they outlive the person, so that it can be asked and done again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select
from xianban_sdk.storage import keyed_hash

from xianban_identity.repository.tables import erasure

__all__ = ["add", "find"]


def find(conn: Connection, person: str) -> str | None:
    """The receipt of a person who was erased."""
    query = select(erasure.c.id).where(erasure.c.person_hash == _key(person))
    return conn.execute(query).scalar()


def add(conn: Connection, receipt: str, person: str, now: datetime) -> None:
    """The person is erased with this transaction."""
    row = {"id": receipt, "person_hash": _key(person), "carried_out_at": now}
    conn.execute(erasure.insert().values(row))


def _key(person: str) -> str:
    return keyed_hash(f"erased:{person}")
