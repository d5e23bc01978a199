"""The demo district's people, their households and relations; the same at every start."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources as package_files
from typing import Any, Final

from xianban_sdk import demo
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Scope
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_identity.domain.consent import Decision
from xianban_identity.domain.delegation import Delegation, Kind, Side, State, end_of
from xianban_identity.domain.people import HouseholdRole, Level, Membership, Person
from xianban_identity.events import publish_membership, publish_person, publish_relation
from xianban_identity.handlers import consents as consent_cases
from xianban_identity.handlers.consents import RecordDecision
from xianban_identity.handlers.delegations import END_TIMER
from xianban_identity.install import install
from xianban_identity.plugins import ask_factor, choosable, second_factors
from xianban_identity.repository import delegations, people, signins
from xianban_identity.repository.delegations import Event, Record
from xianban_identity.repository.signins import FactorRow
from xianban_identity.settings import IdentitySettings

__all__ = ["DEMO_PIN", "enrol_demo", "seed", "seed_people"]

# Shown where it is asked for; demo people only.
DEMO_PIN: Final = "246810"
_MEMBERSHIP: Final = "01KDVHX800MB{:014d}"
_DELEGATION: Final = "01KDVHX800DE{:014d}"


def seed(resources: Resources) -> None:
    """For `Service(seed=…)`: does nothing the second time."""
    with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
        install(uow, IdentitySettings.load(resources.settings))
        new = seed_people(uow)
    if new and (factor := choosable(second_factors(resources.hooks))) is not None:
        # One hash for all: it is the same public PIN, and hashing is slow on purpose.
        secret = ask_factor(resources.hooks, factor, "factor.enrol", lambda: factor.enrol(DEMO_PIN))
        with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
            enrol_demo(uow, factor.id, secret)


def seed_people(uow: UnitOfWork) -> bool:
    """People first, then what is between them; False where they are here already."""
    source = package_files.files("xianban_identity").joinpath("demo_people.toml").read_text("utf-8")
    data = tomllib.loads(source)
    if people.find(uow.conn, demo.person_id(data["people"][-1]["alias"])) is not None:
        return False
    for number, entry in enumerate(data["people"], start=1):
        _person(uow, entry, number)
    for number, entry in enumerate(data["delegations"], start=1):
        _delegation(uow, entry, _DELEGATION.format(number))
    return True


def enrol_demo(uow: UnitOfWork, factor: str, secret: str) -> None:
    """The demo's PIN for all who log in."""
    for known in demo.PEOPLE.values():
        signins.put_factor(uow.conn, FactorRow(known.id, factor, secret, uow.clock.now()))


def _person(uow: UnitOfWork, entry: dict[str, Any], number: int) -> None:
    person = Person(
        id=demo.person_id(entry["alias"]),
        phone=demo.phone(entry["alias"]),
        name=entry["name"],
        birth=date.fromisoformat(entry["birth"]),
        level=Level.ID_MATCHED,
        profile=entry.get("profile", "standard"),
        household=entry.get("household", ""),
        household_role=HouseholdRole(entry.get("role", "")),
    )
    people.register(uow.conn, person, uow.clock.now())
    publish_person(uow, person)
    for index, (organisation, role, *areas) in enumerate(entry.get("memberships", [])):
        membership_id = _MEMBERSHIP.format(number * 10 + index)
        item = Membership(membership_id, person.id, organisation, role, tuple(areas))
        people.put_membership(uow.conn, item)
        publish_membership(uow, item)
    for purpose in entry.get("consents", []):
        _consent(uow, person.id, purpose)


def _consent(uow: UnitOfWork, person: str, purpose: str) -> None:
    command = RecordDecision(purpose, 1, Decision.GIVEN, None)
    consent_cases.record(command, uow=uow, scope=Scope(person, person), basis="self")


def _delegation(uow: UnitOfWork, entry: dict[str, Any], delegation_id: str) -> None:
    now = uow.clock.now()
    subject = people.find(uow.conn, demo.person_id(entry["subject"]))
    if subject is None:
        raise LookupError(f"no demo person {entry['subject']}")
    item = Delegation(
        id=delegation_id,
        kind=Kind(entry["kind"]),
        delegate=demo.person_id(entry["delegate"]),
        subject=subject.id,
        scopes=tuple(entry["scopes"]),
        state=State.ACTIVE,
        requested_by=Side.DELEGATE,
        created_at=now,
        ends_at=end_of(Kind(entry["kind"]), subject, None, now),
        auto_rule=entry["rule"],
        answered_at=now,
    )
    delegations.add(uow.conn, Record(item, subject.name, None), subject.phone)
    for action, actor in (("requested", item.delegate), ("approved", subject.id)):
        who = "system" if action == "approved" and item.auto_rule else actor
        delegations.write_event(uow.conn, item.id, Event(uow.ids.new(), now, action, who, ""))
    publish_relation(uow, item)
    if item.ends_at is not None:
        uow.schedule(END_TIMER, item.id, item.ends_at)
