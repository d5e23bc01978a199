"""Passkeys and the challenges behind them. A challenge is found by itself and its browser alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from xianban_sdk.storage import keyed_hash

from xianban_identity.domain.passkeys import Passkey
from xianban_identity.repository.tables import passkey, passkey_challenge

__all__ = [
    "add",
    "add_challenge",
    "by_credential",
    "claim",
    "forget_old",
    "has_any",
    "of",
    "remove",
    "rename",
    "take_challenge",
    "use",
]


def of(conn: Connection, person: str) -> list[Passkey]:
    """All of the person's, oldest first."""
    query = select(passkey).where(passkey.c.person == person).order_by(passkey.c.id)
    return [_passkey(row) for row in conn.execute(query)]


def has_any(conn: Connection, person: str) -> bool:
    """Whether the person has one at all."""
    query = select(func.count()).select_from(passkey).where(passkey.c.person == person)
    return conn.execute(query).scalar_one() > 0


def claim(conn: Connection, person: str, passkey_id: str) -> Passkey | None:
    """One of the person's own."""
    where = (passkey.c.id == passkey_id, passkey.c.person == person)
    row = conn.execute(select(passkey).where(*where).with_for_update()).first()
    return _passkey(row) if row else None


def by_credential(conn: Connection, credential: bytes) -> Passkey | None:
    """Held until the transaction ends: counters are compared one by one."""
    where = passkey.c.credential_hash == keyed_hash(credential.hex())
    row = conn.execute(select(passkey).where(where).with_for_update()).first()
    return _passkey(row) if row else None


def add(conn: Connection, item: Passkey) -> None:
    """A new one."""
    values = {name: getattr(item, name) for name in Passkey.__slots__}
    values |= {"transports": " ".join(item.transports)}
    hashed = keyed_hash(item.credential.hex())
    conn.execute(passkey.insert().values(credential_hash=hashed, **values))


def use(conn: Connection, item: Passkey, count: int, synced: bool, now: datetime) -> Passkey:
    """It was shown just now."""
    used = replace(item, sign_count=count, synced=synced, last_used_at=now)
    changed = {"sign_count": count, "synced": synced, "last_used_at": now}
    conn.execute(update(passkey).where(passkey.c.id == item.id).values(changed))
    return used


def rename(conn: Connection, item: Passkey, name: str) -> None:
    """The person's own word for it."""
    conn.execute(update(passkey).where(passkey.c.id == item.id).values(name=name))


def remove(conn: Connection, item: Passkey) -> None:
    """It opens nothing any more."""
    conn.execute(delete(passkey).where(passkey.c.id == item.id))


def add_challenge(conn: Connection, challenge: str, bound_to: str, now: datetime) -> None:
    """`bound_to`: what it is for, in which browser and log-in."""
    row = {"challenge_hash": keyed_hash(challenge), "bound_to": keyed_hash(bound_to)}
    conn.execute(passkey_challenge.insert().values(created_at=now, **row))


def take_challenge(conn: Connection, challenge: str, bound_to: str, since: datetime) -> bool:
    """Whether it was ours, for this, and not too old; good once, whatever comes of it."""
    where = (
        passkey_challenge.c.challenge_hash == keyed_hash(challenge),
        passkey_challenge.c.bound_to == keyed_hash(bound_to),
        passkey_challenge.c.created_at > since,
    )
    return conn.execute(delete(passkey_challenge).where(*where)).rowcount == 1


def forget_old(conn: Connection, before: datetime) -> None:
    """Drops challenges nobody answered."""
    conn.execute(delete(passkey_challenge).where(passkey_challenge.c.created_at < before))


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        person=row.person,
        credential=row.credential,
        attested=row.attested,
        sign_count=row.sign_count,
        name=row.name,
        transports=tuple(row.transports.split()),
        synced=row.synced,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
