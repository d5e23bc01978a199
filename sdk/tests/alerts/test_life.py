"""The whole way of an alert, on every database there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from alert_world import ELDER, MINUTE, World
from sqlalchemy import func, select, text
from xianban.common.v1 import alerts_pb2
from xianban_sdk.alerts import Ladder, Place, Reason, Rung, Severity, State
from xianban_sdk.alerts.tables import KEPT, TABLES, alert_fact
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.identity.access import Scope
from xianban_sdk.storage import drift, prune, sdk_metadata


def test_the_ladder_climbs_by_the_clock_until_its_last_rung(world: World) -> None:
    alert = world.raised()
    assert world.paged() == ["family:daughter", "family:son"]
    world.passes(3 * MINUTE)
    world.passes(5 * MINUTE)
    world.passes(5 * MINUTE)
    world.passes(60 * MINUTE)
    assert world.rungs() == ["family", "neighbourhood", "station", "120"]
    assert world.get(alert).state is State.RAISED
    assert world.get(alert).next_rung_at is None
    assert all(each.urgent for each in world.messages())


def test_acknowledgement_names_who_and_stops_the_ladder(world: World) -> None:
    alert = world.raised()
    world.passes(3 * MINUTE)
    taken = world.person("neighbour", lambda alerts: alerts.acknowledge(alert.name))
    assert (taken.state, taken.acknowledged_by_display) == (State.ACKNOWLEDGED, "NEIGHBOUR")
    world.passes(10 * MINUTE)
    assert world.rungs() == ["family", "neighbourhood"]
    assert [each.recipient for each in world.messages("taken")] == ["daughter", "son"]
    assert not any(each.urgent for each in world.messages("taken"))


def test_the_first_wins_and_the_second_hears_who_has_it(world: World) -> None:
    alert = world.raised()
    world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    with pytest.raises(FailedPrecondition, match="ALERT_TAKEN") as refused:
        world.person("son", lambda alerts: alerts.acknowledge(alert.id))
    assert refused.value.params == {"by": "DAUGHTER"}
    again = world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    assert again.acknowledged_by == "daughter"
    assert len(world.messages("taken")) == 1


def test_an_empty_rung_is_passed_at_once_and_noted(world: World) -> None:
    world.stand["family"] = world.stand["neighbourhood"] = []
    alert = world.raised()
    assert world.rungs() == ["station"]
    steps = world.does(lambda alerts: alerts.steps(alert.name))
    assert [(each.action, each.rung) for each in steps] == [
        ("raised", ""),
        ("noted", "family"),
        ("noted", "neighbourhood"),
        ("told", "station"),
    ]


def test_an_alert_stands_although_the_roster_cannot_be_read(world: World) -> None:
    world.broken = 1
    alert = world.raised()
    assert (world.get(alert).state, world.paged()) == (State.RAISED, [])
    world.timers.fire_due()
    assert world.paged() == ["family:daughter", "family:son"]


def test_who_took_it_and_did_nothing_loses_it_to_the_next_rung(world: World) -> None:
    alert = world.raised()
    world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    world.passes(14 * MINUTE)
    assert world.rungs() == ["family"]
    world.passes(MINUTE)
    assert world.rungs() == ["family", "neighbourhood"]
    taken = world.person("neighbour", lambda alerts: alerts.acknowledge(alert.id))
    assert taken.acknowledged_by == "neighbour"
    world.person("neighbour", lambda alerts: alerts.dispatch(alert.id, "nurse"))
    world.passes(60 * MINUTE)
    assert world.rungs() == ["family", "neighbourhood"]


def test_a_condition_that_comes_back_counts_and_pages_nobody_again(world: World) -> None:
    alert = world.raised()
    world.cleared()
    assert world.get(alert).cleared_at is not None
    again = world.raised()
    assert (again.id, again.occurrences, again.cleared_at) == (alert.id, 1, None)
    assert len(world.paged()) == 2


def test_after_it_was_resolved_a_new_one_opens_and_names_the_old(world: World) -> None:
    alert = world.raised(at=world.clock.now())
    world.person("daughter", lambda alerts: alerts.resolve(alert.id, "took her pill"))
    late = world.raised(at=alert.observed_at)
    assert late.id == alert.id, "the same fact again opens nothing"
    new = world.raised()
    assert (new.id != alert.id, new.previous) == (True, alert.id)


def test_a_worse_condition_begins_the_stricter_ladder(world: World) -> None:
    alert = world.raised(Severity.MODERATE)
    assert world.raised(Severity.SEVERE).severity is Severity.SEVERE
    assert world.raised(Severity.MODERATE).severity is Severity.SEVERE
    assert world.paged() == ["family:daughter", "family:son"] * 2
    world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    world.raised(Severity.EXTREME)
    assert [each.recipient for each in world.messages("worse")] == ["daughter"]


def test_a_snooze_is_quiet_records_and_ends_by_itself(world: World) -> None:
    until = world.clock.now() + 30 * MINUTE
    world.person("daughter", lambda alerts: alerts.snooze("oxygen-low", ELDER, until))
    world.raised()
    world.passes(29 * MINUTE)
    assert (world.paged(), len(world.heard(alerts_pb2.AlertRaised))) == ([], 1)
    world.passes(MINUTE)
    assert world.paged() == ["family:daughter", "family:son"]


def test_after_a_snooze_nobody_hears_of_what_is_over(world: World) -> None:
    until = world.clock.now() + 30 * MINUTE
    world.does(lambda alerts: alerts.snooze("oxygen-low", ELDER, until))
    world.raised()
    world.cleared()
    world.passes(31 * MINUTE)
    assert world.paged() == []
    world.raised()
    assert world.paged() == ["family:daughter", "family:son"]


def test_the_extreme_is_told_in_any_snooze(world: World) -> None:
    until = world.clock.now() + 30 * MINUTE
    world.does(lambda alerts: alerts.snooze("oxygen-low", ELDER, until))
    alert = world.raised(Severity.EXTREME)
    assert len(world.paged()) == 2
    with pytest.raises(FailedPrecondition, match="ALERT_EXTREME"):
        world.does(lambda alerts: alerts.snooze("oxygen-low", ELDER, until))
    assert world.get(alert).next_rung_at is not None


def test_nobody_snoozes_for_ever(world: World) -> None:
    until = world.clock.now() + timedelta(days=3)
    with pytest.raises(InvalidArgument, match="ALERT_SNOOZE_TOO_LONG"):
        world.does(lambda alerts: alerts.snooze("oxygen-low", ELDER, until))


def test_only_what_is_resolved_is_closed_and_then_nothing_changes(world: World) -> None:
    alert = world.raised()
    with pytest.raises(FailedPrecondition, match="ALERT_NOT_RESOLVED"):
        world.person("dispatcher", lambda alerts: alerts.close(alert.id))
    world.person("dispatcher", lambda alerts: alerts.resolve(alert.id, "done"))
    closed = world.person("dispatcher", lambda alerts: alerts.close(alert.id))
    world.cleared()
    for late in ("acknowledge", "close"):
        with pytest.raises(FailedPrecondition, match="ALERT_CLOSED"):
            world.person("dispatcher", lambda alerts, late=late: getattr(alerts, late)(alert.id))
    with pytest.raises(FailedPrecondition, match="ALERT_CLOSED"):
        world.person("dispatcher", lambda alerts: alerts.note(alert.id, "too late"))
    assert world.get(alert) == closed


def test_staff_act_within_their_areas_and_kin_for_their_own(world: World) -> None:
    alert = world.raised()
    kin = Scope("daughter", subject="elder")
    strangers = [
        Scope("nurse", areas=("310120/nanqiao",)),
        Scope("nurse", areas=("310120/feng",)),  # no prefix of a path, only of its letters
        Scope("neighbour", subject="somebody"),
        Scope("nurse", subject="somebody", areas=("310120",)),
        Scope("nobody"),
    ]
    for scope in strangers:
        with pytest.raises(NotFound, match="ALERT_NOT_FOUND"):
            world.does(lambda alerts: alerts.acknowledge(alert.id), scope)
    assert world.does(lambda alerts: alerts.acknowledge(alert.id), kin).open


def test_a_clear_that_overtook_its_raise_is_remembered(world: World) -> None:
    now = world.clock.now()
    assert world.cleared(now + MINUTE) is None
    assert world.raised(at=now).cleared_at == now + MINUTE


def test_the_figures_tell_how_fast_and_how_often_for_nothing(world: World) -> None:
    since = world.clock.now()
    for minutes, false in ((1, True), (3, False), (11, False)):
        alert = world.raised(subject=f"residents/{minutes}")
        world.passes(minutes * MINUTE)
        world.person("son", lambda alerts, alert=alert: alerts.acknowledge(alert.id))
        world.person(
            "son",
            lambda alerts, alert=alert, false=false: alerts.resolve(
                alert.id, "seen", false_alarm=false
            ),
        )
    world.raised(rule="smoke", subject="homes/1")
    until = world.clock.now() + MINUTE
    oxygen, smoke = world.does(lambda alerts: alerts.figures(since, until))
    assert (oxygen.rule, oxygen.raised, oxygen.false_alarms) == ("oxygen-low", 3, 1)
    assert oxygen.median_to_acknowledge == 3 * MINUTE
    assert oxygen.false_alarm_rate == pytest.approx(1 / 3)
    assert (smoke.rule, smoke.median_to_acknowledge, smoke.false_alarm_rate) == (
        "smoke",
        None,
        None,
    )


def test_what_is_sensitive_lies_encrypted(world: World) -> None:
    alert = world.raised(
        reasons=[Reason("reason-oxygen-below", {"value": "86"})],
        place=Place(30.91, 121.47, 8.0),
        subject_display="李阿婆",
    )
    world.person("daughter", lambda alerts: alerts.acknowledge(alert.id, "on my way"))
    stored = world.get(alert)
    assert (stored.reasons[0].params, stored.place) == ({"value": "86"}, Place(30.91, 121.47, 8.0))
    with world.db.read() as conn:
        for table in TABLES:
            told = str(conn.execute(text(f'SELECT * FROM "{table.name}"')).all())
            for secret in ("oxygen", "李阿婆", "30.91", "on my way"):
                assert secret not in told


def test_the_migrated_tables_are_those_in_code(world: World) -> None:
    assert drift(world.db, sdk_metadata) == []


def test_facts_that_nobody_can_repeat_any_more_are_forgotten(world: World) -> None:
    def kept() -> int | None:
        with world.db.read() as conn:
            return conn.scalar(select(func.count()).select_from(alert_fact))

    world.raised()
    world.passes(timedelta(days=89))
    assert prune(world.db, world.clock.now(), KEPT) == 0
    assert kept()
    world.passes(timedelta(days=2))
    assert prune(world.db, world.clock.now(), KEPT)
    assert not kept()


def calm(world: World) -> None:
    family, keeper = Rung("family", timedelta(days=1)), Rung("station", timedelta(days=1))
    ladder = Ladder([family, keeper], unhandled_after=timedelta(days=1), calm=True)
    world.book = replace(world.book, rule_ladders={("oxygen-low", Severity.MINOR): ladder})
    world.restarted()


def test_where_nobody_need_hurry_messages_wait_for_the_morning(world: World) -> None:
    calm(world)
    world.raised(Severity.MINOR)
    world.passes(timedelta(days=1))
    assert world.rungs() == ["family", "station"]
    assert not any(each.urgent for each in world.messages())


def test_what_nobody_need_hurry_for_closes_itself_and_is_told_anew(world: World) -> None:
    calm(world)
    first = world.raised(Severity.MINOR)
    world.clock.advance(MINUTE)
    world.cleared()
    over = world.get(first)
    assert (over.state, over.acknowledged_by, over.next_rung_at) == (State.CLOSED, "", None)
    world.passes(timedelta(days=2))
    assert (world.rungs(), world.messages("over")) == (["family"], [])
    assert world.raised(Severity.MINOR).previous == first.id
    assert world.rungs() == ["family", "family"]


def test_nobody_hears_of_a_small_thing_that_was_over_before_it_was_known(world: World) -> None:
    calm(world)
    world.cleared()
    late = world.raised(Severity.MINOR, at=world.clock.now() - MINUTE)
    assert (late.state, world.paged()) == (State.CLOSED, [])


def test_a_small_thing_that_grows_worse_is_urgent_and_stays_for_people(world: World) -> None:
    calm(world)
    alert = world.raised(Severity.MINOR)
    world.raised(Severity.MODERATE)
    assert [each.urgent for each in world.messages()] == [False, False, True, True]
    world.cleared()
    assert world.get(alert).open


def test_a_ladder_of_a_rule_is_no_other_rule_s(world: World) -> None:
    calm(world)
    world.raised(Severity.MINOR, rule="another")
    assert world.paged() == []
