"""People and their staff memberships."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from xianban_sdk.errors import NotFound
from xianban_sdk.rpc import Scope
from xianban_sdk.storage import keyed_hash

from xianban_identity.domain.people import HouseholdRole, Level, Membership, Person
from xianban_identity.repository.tables import membership, person

__all__ = [
    "by_phone",
    "find",
    "lock",
    "memberships",
    "names",
    "phone_key",
    "put_membership",
    "register",
    "save",
    "subject",
]


def phone_key(phone: str) -> str:
    """What a phone number is found by."""
    return keyed_hash(f"phone:{phone}")


def subject(conn: Connection, scope: Scope) -> Person:
    """The person the call is about; the access rule has let the caller through to them."""
    found = find(conn, scope.subject or "")
    if found is None:
        # A token can outlive its person only when data was erased meanwhile.
        raise NotFound("RESIDENT_NOT_FOUND")
    return found


def find(conn: Connection, person_id: str) -> Person | None:
    """A person by id: for identity's own decisions, never to answer a stranger."""
    row = conn.execute(select(person).where(person.c.id == person_id)).first()
    return _person(row) if row else None


def by_phone(conn: Connection, phone: str) -> Person | None:
    """A person by phone: for identity's own decisions, never to answer a stranger."""
    row = conn.execute(select(person).where(person.c.phone_hash == phone_key(phone))).first()
    return _person(row) if row else None


def lock(conn: Connection, *ids: str) -> None:
    """Holds people until the transaction ends, always in the same order: limits count right."""
    wanted = select(person.c.id).where(person.c.id.in_(ids)).order_by(person.c.id)
    conn.execute(wanted.with_for_update()).all()


def names(conn: Connection, ids: set[str]) -> dict[str, str]:
    """Display names, for the two sides of one delegation and the people of one history."""
    rows = conn.execute(select(person.c.id, person.c.name).where(person.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


def register(conn: Connection, new: Person, now: datetime) -> None:
    """A person who was not known before."""
    conn.execute(person.insert().values(id=new.id, created_at=now, **_values(new)))


def save(conn: Connection, changed: Person) -> None:
    """Writes a person back."""
    conn.execute(person.update().where(person.c.id == changed.id).values(**_values(changed)))


def memberships(conn: Connection, person_id: str) -> list[Membership]:
    """Staff roles in force."""
    mine = select(membership).where(membership.c.person == person_id, membership.c.active)
    return [_membership(row) for row in conn.execute(mine.order_by(membership.c.id))]


def put_membership(conn: Connection, item: Membership) -> None:
    """Adds a staff role, or replaces it."""
    values = {
        "person": item.person,
        "organisation": item.organisation,
        "role": item.role,
        "areas": " ".join(item.areas),
        "active": item.active,
    }
    conn.execute(membership.delete().where(membership.c.id == item.id))
    conn.execute(membership.insert().values(id=item.id, **values))


def _values(item: Person) -> Mapping[str, Any]:
    return {
        "phone": item.phone,
        "phone_hash": phone_key(item.phone),
        "name": item.name,
        "birth": item.birth.isoformat() if item.birth else "",
        "level": int(item.level),
        "locale": item.locale,
        "profile": item.profile,
        "household": item.household,
        "household_role": item.household_role.value,
        "deceased": item.deceased,
    }


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        phone=row.phone,
        name=row.name,
        birth=date.fromisoformat(row.birth) if row.birth else None,
        level=Level(row.level),
        locale=row.locale,
        profile=row.profile,
        household=row.household,
        household_role=HouseholdRole(row.household_role),
        deceased=row.deceased,
    )


def _membership(row: Row[Any]) -> Membership:
    areas = tuple(row.areas.split())
    return Membership(row.id, row.person, row.organisation, row.role, areas, row.active)
