"""What plugins are told of people: with a capability, by consent, and booked before it is told."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from xianban_sdk.audit import list_accesses
from xianban_sdk.carrying import carries, current_capability
from xianban_sdk.disclosures import Disclosures
from xianban_sdk.identity.relations import Relations
from xianban_sdk.ledger import lines, told_of, totals
from xianban_sdk.personal.declared import PersonalData
from xianban_sdk.personal.erasing import sweep
from xianban_sdk.personal.own import holdings
from xianban_sdk.plugins import (
    NOBODY,
    STRANGER,
    CapabilityToken,
    Manifest,
    build,
    hookimpl,
    hookspec,
)
from xianban_sdk.plugins.tokens import TokenMissing, TokenRefused
from xianban_sdk.storage.retention import prune
from xianban_sdk.storage.tables import disclosure, disclosure_total
from xianban_sdk.testing import RelationsWorld

ANNA, BERT = "01ANNA0000000000000000000A", "01BERT0000000000000000000B"
RIGHTS, PAYING = "test.rights", "test.paying"


class Meter:
    @carries(PAYING, "request", "meter.pay")
    def pay(self):
        """Carries data by a capability."""

    @carries(RIGHTS, "consent", "meter.ring", alarms=True)
    def ring(self):
        """May bring an alarm."""


@hookspec
@carries(RIGHTS, "consent")
def discounts(rights: str) -> list[str]:
    """Carries data by a hook."""


@hookspec
def colours() -> list[str]:
    """Carries nothing."""


specs = SimpleNamespace(API_VERSION="1", discounts=discounts, colours=colours, Meter=Meter)


class Listens:
    """A plugin that remembers what it was told."""

    def __init__(self, name="listens", purposes=(RIGHTS, PAYING), version="1"):
        self.heard = []
        words = {purpose: {"en": "x", "zh-CN": "x"} for purpose in purposes}
        hooks = frozenset({"discounts", "colours"})
        self.manifest = Manifest(name, version, "Acme", ">=1", hooks, purposes=words)

    @hookimpl
    def discounts(self, rights):
        self.heard.append(rights)
        return [rights]

    @hookimpl
    def colours(self):
        return ["blue"]


@pytest.fixture
def world(clock, database):
    world = RelationsWorld(clock)
    world.follow(Relations(database, clock, world.resolve, world.list_after))
    return world


@pytest.fixture
def desk(database, clock, ids, world):
    return Disclosures(database, clock, ids, world._followers[0])


@pytest.fixture
def plugin():
    return Listens()


@pytest.fixture
def hooks(desk, plugin):
    hooks = build("test", specs, [plugin])
    hooks.issue_at(desk)
    return hooks


def ask(hooks, person=ANNA, **more):
    return hooks.each("discounts", about=person, rights="permit", **more)


def told(database, person=ANNA):
    with database.read() as conn:
        return told_of(conn, person)


class TestCapability:
    def test_a_call_that_carries_data_without_saying_whose_is_our_mistake(self, hooks, plugin):
        with pytest.raises(TokenMissing, match="say whose"):
            hooks.each("discounts", rights="permit")
        with pytest.raises(TokenMissing, match="say whose"):
            hooks.run("listens", "meter.pay", lambda: plugin.heard.append("paid"))
        assert plugin.heard == []

    def test_where_nothing_issues_capabilities_nothing_is_told(self, plugin):
        alone = build("test", specs, [plugin])
        with pytest.raises(TokenMissing, match="nothing issues"):
            ask(alone)
        assert plugin.heard == []

    def test_other_hooks_need_none(self, hooks):
        assert hooks.values("colours") == [["blue"]]

    def test_a_call_that_carries_nobodys_data_this_time_says_so(self, hooks, plugin, database):
        hooks.each("discounts", about=NOBODY, rights="none")
        assert (plugin.heard, told(database)) == (["none"], [])

    def test_one_is_for_one_call_of_one_plugin(self, hooks):
        issued = hooks.token("listens", "meter.pay", [ANNA])
        assert hooks.run("listens", "meter.pay", lambda: 5, about=issued).value == 5
        with pytest.raises(TokenMissing, match="another call"):
            hooks.run("listens", "meter.pay", lambda: 5, about=issued)

    def test_a_plugin_that_is_gone_gets_none(self, hooks):
        assert not hooks.token("nobody", "meter.pay", [ANNA]).people


class TestConsent:
    def test_the_first_call_after_a_withdrawal_does_not_happen(self, hooks, plugin, world):
        world.consent(ANNA, RIGHTS)
        assert ask(hooks)[0].value == ["permit"]
        world.withdraw(ANNA, RIGHTS)
        [result] = ask(hooks)
        assert isinstance(result.error, TokenRefused)
        assert (result.error.reason, plugin.heard) == ("CONSENT_REQUIRED", ["permit"])

    def test_a_consent_that_ran_out_is_none(self, hooks, plugin, world, clock):
        world.consent(ANNA, RIGHTS, expires=clock.now() + timedelta(minutes=1))
        ask(hooks)
        clock.advance(timedelta(minutes=2))
        ask(hooks)
        assert plugin.heard == ["permit"]

    def test_instead_a_plugin_may_be_asked_without_the_persons_data(self, hooks, plugin, database):
        [result] = ask(hooks, instead={"rights": "none"})
        assert (result.value, plugin.heard, told(database)) == (["none"], ["none"], [])

    def test_of_many_only_those_who_agree_are_told_of(self, desk, world, database):
        plugin, judged = Listens(purposes=(RIGHTS,)), []

        class Judges:
            @carries(RIGHTS, "consent", "pack.judge")
            def judge(self): ...

        hooks = build(
            "test", SimpleNamespace(discounts=discounts, colours=colours, J=Judges), [plugin]
        )
        hooks.issue_at(desk)
        world.consent(BERT, RIGHTS)
        issued = hooks.token("listens", "pack.judge", [ANNA, BERT])
        assert (issued.people, issued.refusal) == ({BERT}, "CONSENT_REQUIRED")
        hooks.run("listens", "pack.judge", lambda: judged.extend(issued.people), about=issued)
        assert judged == [BERT]
        assert [len(told(database, one)) for one in (ANNA, BERT)] == [0, 1]

    def test_when_it_cannot_be_known_nothing_is_told(self, hooks, plugin, world, clock):
        world.consent(ANNA, RIGHTS)
        world.reachable = False
        clock.advance(timedelta(seconds=3))
        assert ask(hooks)[0].error.reason == "RELATIONS_STALE"
        assert plugin.heard == []

    def test_a_purpose_that_is_not_in_the_manifest_is_not_given(self, desk, world):
        plugin = Listens("narrow", purposes=(PAYING,))
        hooks = build("test", specs, [plugin])
        hooks.issue_at(desk)
        world.consent(ANNA, RIGHTS)
        assert ask(hooks)[0].error.reason == "PURPOSE_UNDECLARED"
        assert plugin.heard == []

    def test_what_a_person_asks_for_needs_no_consent(self, hooks):
        assert hooks.run("listens", "meter.pay", lambda: "paid", about=ANNA).value == "paid"

    def test_a_refusal_is_in_the_audit_once_a_day_and_in_the_ledger_each_time(
        self, hooks, database, clock
    ):
        ask(hooks), ask(hooks)
        clock.advance(timedelta(days=1))
        ask(hooks)
        with database.read() as conn:
            found, _ = list_accesses(conn, ANNA)
            refused = {line.day: line.refused for line in lines(conn)}
        assert [(one.action, one.actor, one.basis, one.outcome) for one in found] == 2 * [
            ("Disclose", "plugin:listens", RIGHTS, "CONSENT_REQUIRED")
        ]
        assert refused == {"2026-11-23": 2, "2026-11-24": 1}


class TestOwnPurposes:
    """What a plugin asks for beyond its domain's purposes."""

    @pytest.fixture
    def asking(self, desk):
        plugin = Listens(purposes=(RIGHTS, PAYING, "acme.research"))
        hooks = build("test", specs, [plugin])
        hooks.issue_at(desk)
        return hooks

    def test_without_consent_to_them_it_is_told_nothing_for_any_purpose(self, asking, world):
        world.consent(ANNA, RIGHTS)
        assert ask(asking)[0].error.reason == "CONSENT_REQUIRED"
        paid = asking.run("listens", "meter.pay", lambda: 1, about=ANNA)
        assert paid.error.reason == "CONSENT_REQUIRED"

    def test_consent_is_to_this_plugins_and_its_withdrawal_counts_at_once(
        self, asking, world, database
    ):
        world.consent(ANNA, RIGHTS)
        world.consent(ANNA, "another:acme.research")
        assert ask(asking)[0].error is not None
        world.consent(ANNA, "listens:acme.research")
        assert ask(asking)[0].value == ["permit"]
        world.withdraw(ANNA, "listens:acme.research")
        assert ask(asking)[0].error.reason == "CONSENT_REQUIRED"
        assert [one.calls for one in told(database)] == [1]

    def test_somebody_unknown_has_agreed_to_nothing(self, asking):
        result = asking.run("listens", "meter.pay", lambda: 1, about=STRANGER)
        assert result.error.reason == "CONSENT_REQUIRED"


class TestAlarms:
    """Somebody is in danger: no missing consent and no lack of a book holds that back."""

    def test_an_alarm_needs_no_consent_and_the_ledger_says_why(self, hooks, database):
        issued = hooks.token("listens", "meter.ring", [ANNA], alarm=True)
        assert hooks.run("listens", "meter.ring", lambda: "rung", about=issued).value == "rung"
        assert [(one.purpose, one.basis) for one in told(database)] == [(RIGHTS, "vital")]

    def test_the_same_call_without_danger_waits_for_consent(self, hooks):
        assert not hooks.token("listens", "meter.ring", [ANNA]).people

    def test_a_call_that_brings_no_alarms_is_none(self, hooks):
        with pytest.raises(TokenMissing, match="no alarms"):
            hooks.token("listens", "meter.pay", [ANNA], alarm=True)

    def test_what_could_not_be_written_before_is_written_after(self, hooks, desk, database):
        def away():
            raise OperationalError("", {}, Exception("away"))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk._db, "begin", away)
            issued = hooks.permit("listens", "meter.ring", [ANNA], alarm=True)
        assert issued.people == {ANNA}
        assert told(database) == []
        assert desk.flush()
        assert [(one.basis, one.calls) for one in told(database)] == [("vital", 1)]


class TestAnotherProcess:
    def test_what_was_permitted_here_is_booked_here_and_called_there(self, hooks, plugin, database):
        issued = hooks.permit("listens", "meter.pay", [ANNA])
        assert [one.calls for one in told(database)] == [1]
        there = build("test", specs, [Listens()])
        handed = CapabilityToken("listens", "meter.pay", "", {STRANGER}, id=issued.id, booked=True)
        seen = there.run("listens", "meter.pay", current_capability, about=handed)
        assert seen.value == issued.id
        assert [one.calls for one in told(database)] == [1]

    def test_a_message_about_two_people_goes_for_both_or_not_at_all(self, hooks, world):
        world.consent(ANNA, RIGHTS)
        assert not hooks.permit("listens", "meter.ring", [ANNA, BERT]).people
        some = hooks.permit("listens", "meter.ring", [ANNA, BERT], together=False)
        assert some.people == {ANNA}


class TestCapabilityId:
    def test_a_plugin_reads_it_and_the_ledgers_line_begins_like_it(self, hooks, database):
        seen = [
            hooks.run("listens", "meter.pay", current_capability, about=ANNA).value
            for _ in range(2)
        ]
        with database.read() as conn:
            [line] = lines(conn)
            [row] = conn.execute(select(disclosure.c.capability)).scalars()
        assert seen[0] != seen[1]
        assert {one.partition("-")[0] for one in seen} == {line.capability} == {row}
        assert hooks.values("colours") == [["blue"]]
        assert current_capability() == ""


class TestBook:
    def test_the_days_first_is_written_before_the_plugin_hears_of_it(
        self, desk, world, database, plugin
    ):
        seen = []

        class Looks(Listens):
            @hookimpl
            def discounts(self, rights):
                seen.extend(told(database))
                return []

        hooks = build("test", specs, [Looks("looks")])
        hooks.issue_at(desk)
        desk.start()
        world.consent(ANNA, RIGHTS)
        ask(hooks)
        desk.stop()
        assert [(one.plugin, one.vendor, one.purpose, one.calls) for one in seen] == [
            ("looks", "Acme", RIGHTS, 1)
        ]

    def test_what_cannot_be_written_is_not_told(self, hooks, plugin, world, desk, monkeypatch):
        world.consent(ANNA, RIGHTS)

        def away():
            raise OperationalError("", {}, Exception("away"))

        monkeypatch.setattr(desk._db, "begin", away)
        assert ask(hooks)[0].error is not None
        assert plugin.heard == []

    def test_a_crash_loses_counts_of_the_last_seconds_never_the_days_first(
        self, database, clock, ids, world, plugin
    ):
        world.consent(ANNA, RIGHTS)
        desk = Disclosures(database, clock, ids, world._followers[0])
        desk.start()  # counts are written later from now on, and here never
        hooks = build("test", specs, [plugin])
        hooks.issue_at(desk)
        for _ in range(3):
            ask(hooks)
        assert [one.calls for one in told(database)] == [1]
        desk.flush()
        assert [one.calls for one in told(database)] == [3]

    def test_counts_that_could_not_be_written_are_kept(self, desk, hooks, world, database):
        world.consent(ANNA, RIGHTS)
        desk.start()
        ask(hooks), ask(hooks)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk, "_write", lambda *_: (_ for _ in ()).throw(TimeoutError()))
            assert not desk.flush()
        ask(hooks)
        desk.stop()
        assert [one.calls for one in told(database)] == [3]

    def test_each_day_has_its_row_and_the_person_sees_one_line(
        self, hooks, world, database, clock, plugin
    ):
        world.consent(ANNA, RIGHTS)
        first = clock.now()
        ask(hooks), ask(hooks)
        clock.advance(timedelta(days=1))
        ask(hooks)
        with database.read() as conn:
            days = conn.execute(select(disclosure.c.day, disclosure.c.calls)).all()
        assert sorted(map(tuple, days)) == [("2026-11-23", 2), ("2026-11-24", 1)]
        [line] = told(database)
        assert (line.calls, line.first, line.last) == (3, first, clock.now())

    def test_the_ledger_counts_people_and_does_not_name_them(self, hooks, world, database):
        for person in (ANNA, BERT):
            world.consent(person, RIGHTS)
        ask(hooks), ask(hooks), ask(hooks, BERT)
        hooks.run("listens", "meter.pay", lambda: 1, about=BERT)
        with database.read() as conn:
            found = {one.purpose: (one.people, one.calls) for one in totals(conn, vendor="Acme")}
            assert totals(conn, plugin="another") == lines(conn, vendor="Nobody") == []
        assert found == {RIGHTS: (2, 3), PAYING: (1, 1)}

    def test_another_process_goes_on_with_the_same_row(self, hooks, world, database, clock, ids):
        world.consent(ANNA, RIGHTS)
        ask(hooks)
        other = build("test", specs, [Listens()])
        other.issue_at(Disclosures(database, clock, ids, world._followers[0]))
        ask(other)
        with database.read() as conn:
            assert [(one.people, one.calls) for one in lines(conn)] == [(1, 2)]

    def test_the_rows_go_with_the_person_and_the_totals_stay(self, hooks, world, database):
        world.consent(ANNA, RIGHTS)
        ask(hooks)
        with database.begin() as conn:
            sweep(conn, holdings(PersonalData()), ANNA, "receipt")
        hooks.run("listens", "meter.pay", lambda: 1, about=BERT)
        ask(hooks)
        assert told(database) == []
        with database.read() as conn:
            assert {one.purpose: one.people for one in totals(conn)} == {RIGHTS: 1, PAYING: 1}

    def test_it_is_kept_for_three_years(self, hooks, world, database, clock):
        world.consent(ANNA, RIGHTS)
        ask(hooks)
        for days, left in ((3 * 365 - 1, 1), (2, 0)):
            prune(database, clock.advance(timedelta(days=days)))
            with database.read() as conn:
                assert len(conn.execute(select(disclosure)).all()) == left
                assert len(conn.execute(select(disclosure_total)).all()) == left
