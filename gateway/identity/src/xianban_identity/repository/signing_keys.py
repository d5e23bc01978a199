"""Identity's signing keys, private halves encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from xianban_identity.repository.tables import signing_key

__all__ = ["KeyRow", "activate", "add", "forget_retired", "published", "retire"]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key: `public` and `private` are JWKs as JSON."""

    kid: str
    public: str
    private: str
    created_at: datetime
    active_from: datetime
    retire_at: datetime | None = None


def published(conn: Connection, now: datetime) -> list[KeyRow]:
    """Keys a verifier may still, or may soon, need; in the order of their use."""
    alive = or_(signing_key.c.retire_at.is_(None), signing_key.c.retire_at > now)
    query = select(signing_key).where(alive).order_by(signing_key.c.active_from, signing_key.c.kid)
    return [KeyRow(*row) for row in conn.execute(query)]


def add(conn: Connection, row: KeyRow) -> None:
    """A new key."""
    values = {name: getattr(row, name) for name in KeyRow.__slots__}
    conn.execute(signing_key.insert().values(values))


def activate(conn: Connection, kid: str, at: datetime) -> None:
    """Signs from `at` on."""
    conn.execute(update(signing_key).where(signing_key.c.kid == kid).values(active_from=at))


def retire(conn: Connection, kid: str, at: datetime) -> None:
    """Published until `at`."""
    where = (signing_key.c.kid == kid, signing_key.c.retire_at.is_(None))
    conn.execute(update(signing_key).where(*where).values(retire_at=at))


def forget_retired(conn: Connection, now: datetime) -> None:
    """A retired private key is a risk without a use."""
    conn.execute(delete(signing_key).where(signing_key.c.retire_at <= now))
