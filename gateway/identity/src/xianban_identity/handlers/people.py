"""Use cases of people: first log-in, name, preferences."""

from __future__ import annotations

from dataclasses import replace

from xianban_sdk.rpc import Scope
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.delegation import Limits
from xianban_identity.domain.errors import NotAllowed
from xianban_identity.domain.people import Person, clean_name
from xianban_identity.events import publish_person
from xianban_identity.handlers.delegations import match_waiting
from xianban_identity.repository import people

__all__ = ["change_preferences", "name_person", "person_of_phone"]


def change_preferences(locale: str, profile: str, *, uow: UnitOfWork, scope: Scope) -> Person:
    """Empty means unchanged."""
    person = people.subject(uow.conn, scope)
    changed = replace(person, locale=locale or person.locale, profile=profile or person.profile)
    people.save(uow.conn, changed)
    return changed


def person_of_phone(phone: str, locale: str, *, uow: UnitOfWork) -> Person:
    """Whoever proves to hold a phone nobody had is a new person, of level 1."""
    found = people.by_phone(uow.conn, phone)
    if found is not None:
        return found
    new = Person(id=uow.ids.new(), phone=phone, locale=locale)
    people.register(uow.conn, new, uow.clock.now())
    publish_person(uow, new)
    return new


def name_person(person: Person, raw: str, *, uow: UnitOfWork, limits: Limits) -> Person:
    """A new person says their name, once; later changes go through the register."""
    if person.name:
        raise NotAllowed("NAME_ALREADY_GIVEN")
    named = replace(person, name=clean_name(raw))
    people.save(uow.conn, named)
    match_waiting(named, uow=uow, limits=limits)
    return named
