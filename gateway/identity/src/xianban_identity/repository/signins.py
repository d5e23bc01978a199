"""What the log-in pages remember: codes sent, tries, the way of one log-in, linked providers.

No caller's scope here: these run before anybody is known. Each row is found by a secret the
browser holds, or by a keyed hash of what was typed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from xianban_sdk.storage import keyed_hash, upsert

from xianban_identity.domain.sessions import Code
from xianban_identity.repository.tables import (
    federated_identity,
    login_code,
    second_factor,
    signin_flow,
    throttle,
)

__all__ = [
    "FactorRow",
    "add_code",
    "add_flow",
    "count_attempts",
    "drop_factor",
    "drop_flow",
    "factor",
    "factors",
    "find_flow",
    "forget_old",
    "link",
    "linked_person",
    "newest_code",
    "note_attempt",
    "put_factor",
    "save_flow",
    "use_code",
    "wrong_code",
]


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A person's enrolled second factor."""

    person: str
    factor: str
    secret: str
    enrolled_at: datetime
    tries: int = 0
    locked_until: datetime | None = None


def add_code(conn: Connection, item: Code) -> None:
    """A code about to be sent; older ones of the phone die."""
    older = login_code.c.phone_hash == item.phone_hash
    conn.execute(update(login_code).where(older).values(used=True))
    values = {name: getattr(item, name) for name in Code.__slots__}
    conn.execute(login_code.insert().values(values))


def newest_code(conn: Connection, phone_hash: str) -> Code | None:
    """Held until the transaction ends: tries are counted one by one."""
    query = select(login_code).where(login_code.c.phone_hash == phone_hash)
    newest = query.order_by(login_code.c.id.desc()).limit(1).with_for_update()
    row = conn.execute(newest).first()
    return Code(*row) if row else None


def use_code(conn: Connection, code_id: str) -> None:
    """Good once."""
    conn.execute(update(login_code).where(login_code.c.id == code_id).values(used=True))


def wrong_code(conn: Connection, code_id: str) -> None:
    """One try less."""
    one_more = login_code.c.tries + 1
    conn.execute(update(login_code).where(login_code.c.id == code_id).values(tries=one_more))


def note_attempt(conn: Connection, attempt_id: str, key: str, now: datetime) -> None:
    """Counts something that has a limit per time."""
    conn.execute(throttle.insert().values(id=attempt_id, key=keyed_hash(key), at=now))


def count_attempts(conn: Connection, key: str, since: datetime) -> int:
    """How often since then."""
    where = (throttle.c.key == keyed_hash(key), throttle.c.at > since)
    return conn.execute(select(func.count()).select_from(throttle).where(*where)).scalar_one()


def add_flow(
    conn: Connection, flow_id: str, browser_hash: str, state: dict[str, Any], now: datetime
) -> None:
    """A log-in begins."""
    values = {"id": flow_id, "browser_hash": browser_hash, "created_at": now}
    conn.execute(signin_flow.insert().values(state=json.dumps(state), **values))


def find_flow(
    conn: Connection, flow_id: str, browser_hash: str, since: datetime
) -> dict[str, Any] | None:
    """A log-in under way in this very browser."""
    row = conn.execute(
        select(signin_flow).where(
            signin_flow.c.id == flow_id,
            signin_flow.c.browser_hash == browser_hash,
            signin_flow.c.created_at > since,
        )
    ).first()
    return json.loads(row.state) if row else None


def save_flow(conn: Connection, flow_id: str, state: dict[str, Any]) -> None:
    """One step on."""
    where = signin_flow.c.id == flow_id
    conn.execute(update(signin_flow).where(where).values(state=json.dumps(state)))


def drop_flow(conn: Connection, flow_id: str) -> None:
    """The log-in is over."""
    conn.execute(delete(signin_flow).where(signin_flow.c.id == flow_id))


def linked_person(conn: Connection, provider: str, subject: str) -> str | None:
    """Who an outside provider's subject is here."""
    where = (
        federated_identity.c.provider == provider,
        federated_identity.c.subject_hash == keyed_hash(subject),
    )
    return conn.execute(select(federated_identity.c.person).where(*where)).scalar()


def link(conn: Connection, provider: str, subject: str, person: str, now: datetime) -> None:
    """From now on this outside subject logs in as this person."""
    row = {
        "provider": provider,
        "subject_hash": keyed_hash(subject),
        "person": person,
        "linked_at": now,
    }
    upsert(conn, federated_identity, row)


def factors(conn: Connection, person: str) -> dict[str, FactorRow]:
    """What the person has enrolled, by the factor's id."""
    rows = conn.execute(select(second_factor).where(second_factor.c.person == person))
    return {row.factor: _factor(row) for row in rows}


def factor(conn: Connection, person: str, factor_id: str) -> FactorRow | None:
    """Held until the transaction ends: tries are counted one by one."""
    where = (second_factor.c.person == person, second_factor.c.factor == factor_id)
    row = conn.execute(select(second_factor).where(*where).with_for_update()).first()
    return _factor(row) if row else None


def _factor(row: Row[Any]) -> FactorRow:
    return FactorRow(
        row.person, row.factor, row.secret, row.enrolled_at, row.tries, row.locked_until
    )


def put_factor(conn: Connection, item: FactorRow) -> None:
    """Enrols a factor, or writes its tries back."""
    upsert(conn, second_factor, {name: getattr(item, name) for name in FactorRow.__slots__})


def drop_factor(conn: Connection, person: str, factor_id: str) -> None:
    """The person took it away."""
    where = (second_factor.c.person == person, second_factor.c.factor == factor_id)
    conn.execute(delete(second_factor).where(*where))


def forget_old(conn: Connection, before: datetime) -> None:
    """Drops log-ins nobody finished, and counts nobody needs."""
    conn.execute(delete(signin_flow).where(signin_flow.c.created_at < before))
    conn.execute(delete(login_code).where(login_code.c.created_at < before))
    conn.execute(delete(throttle).where(throttle.c.at < before))
