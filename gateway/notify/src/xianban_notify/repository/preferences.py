"""What people want, their addresses, and who acts for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, select, update
from xianban.common.v1 import relations_pb2
from xianban_sdk.identity import Facts
from xianban_sdk.repository import Repository, columns
from xianban_sdk.storage import insert_new, keyed_hash, upsert
from xianban_sdk.storage.tables import relation_record

from xianban_notify.domain import Copies, Preferences
from xianban_notify.repository.tables import address, preference

SCOPE = "messages"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a channel finds a person."""

    id: str
    person: str
    kind: str
    value: str
    created_at: datetime
    verified_at: datetime | None = None
    bounced_at: datetime | None = None
    code: str = ""
    code_until: datetime | None = None
    code_tries: int = 0

    @property
    def usable(self) -> bool:
        return self.verified_at is not None and self.bounced_at is None

    def bounced(self, now: datetime) -> Address:
        return replace(self, bounced_at=now)


def preferences_of(conn: Connection, people: Iterable[str]) -> dict[str, Preferences]:
    """Everybody's, defaults where nothing was chosen."""
    wanted = list(people)
    rows = conn.execute(select(preference).where(preference.c.person.in_(wanted))).mappings()
    chosen = {row["person"]: _chosen(row) for row in rows}
    return {person: chosen.get(person) or Preferences(person=person) for person in wanted}


def save_preferences(conn: Connection, changed: Preferences) -> None:
    choices = [[*key, wanted] for key, wanted in sorted(changed.choices.items())]
    upsert(conn, preference, columns(changed) | {"choices": orjson.dumps(choices).decode()})


def usable_addresses(conn: Connection, people: Iterable[str]) -> dict[str, list[Address]]:
    """Confirmed ones by person."""
    query = select(address).where(
        address.c.person.in_(list(people)),
        address.c.verified_at.is_not(None),
        address.c.bounced_at.is_(None),
    )
    found: dict[str, list[Address]] = defaultdict(list)
    for row in conn.execute(query.order_by(address.c.id)).mappings():
        found[row["person"]].append(_address(row))
    return found


def addresses_by_id(conn: Connection, ids: Iterable[str]) -> dict[str, Address]:
    rows = conn.execute(select(address).where(address.c.id.in_(list(ids)))).mappings()
    return {row["id"]: _address(row) for row in rows}


def bounce(conn: Connection, address_id: str, now: datetime) -> None:
    """Not used again until the person confirms it anew."""
    conn.execute(update(address).where(address.c.id == address_id).values(bounced_at=now))


class Addresses(Repository):
    """The addresses of the person the call is about."""

    def listed(self) -> list[Address]:
        query = select(address).where(self.own(address.c.person)).order_by(address.c.id)
        return [_address(row) for row in self.conn.execute(query).mappings()]

    def get(self, address_id: str) -> Address | None:
        query = select(address).where(self.own(address.c.person), address.c.id == address_id)
        row = self.conn.execute(query.with_for_update()).mappings().first()
        return _address(row) if row else None

    def same(self, kind: str, person: str, value: str) -> Address | None:
        known = address.c.value_hash == _hash(kind, person, value)
        row = self.conn.execute(select(address).where(known)).mappings().first()
        return _address(row) if row else None

    def count(self) -> int:
        query = select(func.count()).select_from(address).where(self.own(address.c.person))
        return self.conn.execute(query).scalar_one()

    def add(self, new: Address) -> bool:
        hashed = _hash(new.kind, new.person, new.value)
        return insert_new(self.conn, address, columns(new) | {"value_hash": hashed})

    def save(self, changed: Address) -> None:
        where = (self.own(address.c.person), address.c.id == changed.id)
        self.conn.execute(update(address).where(*where).values(columns(changed)))

    def remove(self, address_id: str) -> bool:
        where = (self.own(address.c.person), address.c.id == address_id)
        return self.conn.execute(delete(address).where(*where)).rowcount > 0


def delegates(conn: Connection, person: str, now: datetime) -> list[str]:
    """Who may act for the person in messages now, by the service's own projection."""
    table = relation_record.c
    query = select(table.data).where(table.subject == person, table.kind == "relation")
    records = conn.execute(query.where(table.active)).scalars()
    states = [relations_pb2.RelationRecord.FromString(bytes(data)) for data in records]
    actors = {state.relation.actor for state in states}
    return sorted(
        actor
        for actor in actors
        if actor != person and Facts.of(states, actor, person).basis(SCOPE, now)
    )


def _hash(kind: str, person: str, value: str) -> str:
    return keyed_hash(f"{kind}\n{person}\n{value}")


def _chosen(row: Any) -> Preferences:
    choices = {(key, channel): wanted for key, channel, wanted in orjson.loads(row["choices"])}
    values: dict[str, Any] = {**row, "copies": Copies(row["copies"]), "choices": choices}
    return Preferences(**values)


def _address(row: Any) -> Address:
    return Address(**{name: value for name, value in row.items() if name != "value_hash"})
