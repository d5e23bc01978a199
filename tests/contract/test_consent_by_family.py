"""Every call that brings a person's data to a plugin: not without its right, and booked by it.

One table over the hookspecs of all domains. With basis consent the first call after a withdrawal
does not happen; with another basis the book says which; a vendor's own purpose stops them all, but
for alarms.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest
from xianban_sdk.carrying import Carries, current_capability, marks_of
from xianban_sdk.disclosures import Disclosures
from xianban_sdk.identity.relations import Relations
from xianban_sdk.ids import SeededIds
from xianban_sdk.ledger import lines, told_of
from xianban_sdk.plugins import Manifest, build
from xianban_sdk.plugins.tokens import TokenRefused
from xianban_sdk.storage import Database, Keyring, install_keys, migrate
from xianban_sdk.testing import RelationsWorld

ANNA = "01ANNA0000000000000000000A"
OWN = "acme.research"


def families() -> list[tuple[str, str, Carries]]:
    found = []
    for point in entry_points(group="xianban.services"):
        name = f"{point.value.split('.')[0]}.hookspecs"
        if find_spec(name):
            marks = marks_of(import_module(name))
            found += [(point.name, call, mark) for call, mark in sorted(marks.items())]
    return found


FAMILIES = families()
NAMES = [f"{domain}:{call}" for domain, call, _ in FAMILIES]
every = pytest.mark.parametrize(("domain", "call", "mark"), FAMILIES, ids=NAMES)
by_consent = [one for one in FAMILIES if one[2].basis == "consent"]
otherwise = [one for one in FAMILIES if one[2].basis != "consent"]
with_alarms = [one for one in FAMILIES if one[2].alarms]


class Vendor:
    """A vendor's plugin; whatever is called of it is heard."""

    def __init__(self, *purposes: str) -> None:
        words = {one: {"zh-CN": "用途", "en": "Purpose"} for one in purposes}
        self.manifest = Manifest("acme", "1", "Acme", ">=0", frozenset(), purposes=words)
        self.heard: list[str] = []

    def hear(self) -> list[str]:
        self.heard.append(current_capability())
        return []


@pytest.fixture
def database(tmp_path):
    install_keys(Keyring.derive(b"k" * 32))
    db = Database.open(f"sqlite:///{tmp_path}/book.db", owner="test")
    migrate(db)
    yield db
    db.close()


@pytest.fixture
def ids(clock):
    return SeededIds(7, clock)


@pytest.fixture
def world(clock, database):
    world = RelationsWorld(clock)
    world.follow(Relations(database, clock, world.resolve, world.list_after))
    return world


@pytest.fixture
def hooks_of(database, clock, ids, world):
    desk = Disclosures(database, clock, ids, world._followers[0])

    def made(domain, vendor):
        hooks = build(domain, import_module(f"xianban_{domain}.hookspecs"), [vendor])
        hooks.issue_at(desk)
        return hooks

    return made


def made(hooks, vendor, call, *, alarm=False):
    """The call, as services make it."""
    about = hooks.token("acme", call, [ANNA], alarm=alarm)
    return hooks.run("acme", call, vendor.hear, about=about)


def booked(database):
    with database.read() as conn:
        return [(one.purpose, one.basis, one.calls) for one in told_of(conn, ANNA)]


def test_all_families_are_here():
    assert {domain for domain, _, _ in FAMILIES} >= {
        "eldercare",
        "identity",
        "notify",
        "parking",
        "sensing",
    }
    assert {call for _, call, _ in by_consent} == {
        "adapter.parse",
        "rule_pack.judge",
        "tariff_concessions",
    }


@pytest.mark.parametrize(("domain", "call", "mark"), by_consent)
def test_after_a_withdrawal_the_next_call_does_not_happen(
    domain, call, mark, hooks_of, world, database
):
    vendor = Vendor(mark.purpose)
    hooks = hooks_of(domain, vendor)
    assert isinstance(made(hooks, vendor, call).error, TokenRefused)
    assert (vendor.heard, booked(database)) == ([], [])
    world.consent(ANNA, mark.purpose)
    assert made(hooks, vendor, call).value == []
    world.withdraw(ANNA, mark.purpose)
    assert made(hooks, vendor, call).error.reason == "CONSENT_REQUIRED"
    assert len(vendor.heard) == 1
    assert booked(database) == [(mark.purpose, "consent", 1)]


@pytest.mark.parametrize(("domain", "call", "mark"), otherwise)
def test_with_another_basis_the_book_names_it(domain, call, mark, hooks_of, database):
    vendor = Vendor(mark.purpose)
    assert made(hooks_of(domain, vendor), vendor, call).value == []
    assert booked(database) == [(mark.purpose, mark.basis, 1)]
    assert mark.basis in ("request", "duty")


@every
def test_the_vendor_can_show_by_which_call_it_came(domain, call, mark, hooks_of, world, database):
    vendor = Vendor(mark.purpose)
    world.consent(ANNA, mark.purpose)
    made(hooks_of(domain, vendor), vendor, call)
    with database.read() as conn:
        [line] = lines(conn)
    assert vendor.heard[0].startswith(f"{line.capability}-")


@every
def test_a_plugin_that_does_not_declare_the_purpose_is_not_told(
    domain, call, mark, hooks_of, world, database
):
    vendor = Vendor()
    world.consent(ANNA, mark.purpose)
    refused = made(hooks_of(domain, vendor), vendor, call)
    assert refused.error.reason == "PURPOSE_UNDECLARED"
    assert (vendor.heard, booked(database)) == ([], [])


@every
def test_a_vendors_own_purpose_is_asked_and_its_withdrawal_counts_at_once(
    domain, call, mark, hooks_of, world, database
):
    vendor = Vendor(mark.purpose, OWN)
    hooks = hooks_of(domain, vendor)
    world.consent(ANNA, mark.purpose)
    assert made(hooks, vendor, call).error.reason == "CONSENT_REQUIRED"
    world.consent(ANNA, f"acme:{OWN}")
    assert made(hooks, vendor, call).value == []
    world.withdraw(ANNA, f"acme:{OWN}")
    assert made(hooks, vendor, call).error.reason == "CONSENT_REQUIRED"
    assert [calls for _, _, calls in booked(database)] == [1]


@pytest.mark.parametrize(("domain", "call", "mark"), with_alarms)
def test_an_alarm_is_never_held_back_and_the_book_says_by_what_right(
    domain, call, mark, hooks_of, database
):
    vendor = Vendor(mark.purpose, OWN)
    hooks = hooks_of(domain, vendor)
    assert made(hooks, vendor, call, alarm=True).value == []
    assert booked(database) == [(mark.purpose, "vital", 1)]
