"""Playbooks for alerts, on every database there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alert_world import ELDER, MINUTE
from playbook_world import SECOND, PlaybookWorld, playbook, step
from sqlalchemy import text
from xianban_sdk.alerts import Severity, alert_to_wire, step_to_wire
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.identity.access import Scope
from xianban_sdk.playbooks import Playbooks, RunState, StepState
from xianban_sdk.public.playbooks import PlaybookRefused, document_of, read_playbook
from xianban_sdk.storage import Database, open_unit_of_work

CALL = step("call", due_seconds=60)
SEND = step("send", after=["call"], due_seconds=120, due_from="call", overdue="escalate")
REPORT = step("report", after=["send"], needs="dispatched", optional=True)


@pytest.fixture
def world(database: Database, clock: ManualClock) -> PlaybookWorld:
    return PlaybookWorld(database, clock)


def started(world: PlaybookWorld, *steps: dict, severity: Severity = Severity.SEVERE):
    world.offers(playbook(*(steps or (CALL, SEND, REPORT))))
    alert = world.raised(severity)
    _, run = world.plays(lambda all_of: all_of.start(alert.name, "oxygen"))
    return alert, run


def test_what_fits_is_offered_until_it_runs(world: PlaybookWorld) -> None:
    world.offers(playbook(CALL))
    alert = world.raised()
    offered = world.plays(lambda all_of: all_of.fitting(alert.name))
    assert [one.playbook.id for one in offered] == ["oxygen"]
    world.plays(lambda all_of: all_of.start(alert.name, "oxygen"))
    assert world.plays(lambda all_of: all_of.fitting(alert.name)) == []
    with pytest.raises(FailedPrecondition, match="PLAYBOOK_RUNNING"):
        world.plays(lambda all_of: all_of.start(alert.name, "oxygen"))


def test_what_is_for_other_alerts_is_refused(world: PlaybookWorld) -> None:
    world.offers(playbook(CALL, severities=["extreme"]))
    alert = world.raised()
    with pytest.raises(InvalidArgument, match="PLAYBOOK_FITS_NOT"):
        world.plays(lambda all_of: all_of.start(alert.name, "oxygen"))


def test_it_begins_by_itself_where_the_district_says_so(world: PlaybookWorld) -> None:
    world.offers(playbook(CALL, automatic=True, severities=["extreme"]))
    alert = world.raised()
    assert world.runs(alert.name) == []
    world.raised(Severity.EXTREME)
    [run] = world.runs(alert.name)
    assert (run.started_by, run.state) == ("system", RunState.RUNNING)
    assert world.actions(alert.name) == ["playbook-started"]


def test_an_alert_stands_although_no_playbook_can_be_read(world: PlaybookWorld) -> None:
    world.offers(playbook(CALL, automatic=True))
    with world.db.begin() as conn:
        conn.execute(text("update playbook set document = 'broken'"))
    alert = world.raised()
    assert world.get(alert).open
    assert world.rungs() == ["family"]


def test_steps_are_done_by_named_people_one_after_the_other(world: PlaybookWorld) -> None:
    alert, run = started(world)
    with pytest.raises(FailedPrecondition, match="PLAYBOOK_STEP_TOO_EARLY") as refused:
        world.ends(run, "send")
    assert refused.value.params["step_en"] == "Step call"
    done = world.ends(run, "call", note="无人接听").step("call")
    assert (done.by, done.by_display, done.note) == ("dispatcher", "DISPATCHER", "无人接听")
    with pytest.raises(FailedPrecondition, match="PLAYBOOK_STEP_ENDED"):
        world.ends(run, "call")
    assert world.actions(alert.name) == ["playbook-started", "playbook-done"]


def test_a_step_waits_for_how_far_the_alert_must_have_come(world: PlaybookWorld) -> None:
    alert, run = started(world, step("arrive", needs="dispatched"))
    with pytest.raises(FailedPrecondition, match="PLAYBOOK_NEEDS_DISPATCHED"):
        world.ends(run, "arrive")
    world.person("dispatcher", lambda all_of: all_of.dispatch(alert.name, "120"))
    assert world.ends(run, "arrive").state is RunState.FINISHED


def test_the_last_step_that_must_be_finishes_it(world: PlaybookWorld) -> None:
    alert, run = started(world)
    world.ends(run, "call")
    over = world.ends(run, "send", StepState.SKIPPED, "家人已到")
    assert (over.state, over.ended_by) == (RunState.FINISHED, "dispatcher")
    assert over.step("report").state is StepState.OPEN
    assert world.actions(alert.name)[-2:] == ["playbook-skipped", "playbook-finished"]


def test_a_late_step_is_told_once_to_who_has_the_alert(world: PlaybookWorld) -> None:
    alert, _ = started(world)
    world.person("dispatcher", lambda all_of: all_of.acknowledge(alert.name))
    world.passes(59 * SECOND)
    assert world.reminded() == []
    world.passes(SECOND)
    world.restarted().fire_due()
    world.passes(30 * MINUTE)
    assert world.reminded() == [("dispatcher", "步骤call")]
    assert world.actions(alert.name).count("playbook-overdue") == 1
    assert world.messages("late")[0].urgent


def test_of_an_alert_that_nobody_has_everybody_told_is_reminded(world: PlaybookWorld) -> None:
    started(world)
    world.passes(MINUTE)
    assert world.reminded() == [("daughter", "步骤call"), ("son", "步骤call")]


def test_time_counts_from_the_end_of_the_step_before_and_climbs_the_ladder(
    world: PlaybookWorld,
) -> None:
    alert, run = started(world)
    world.person("dispatcher", lambda all_of: all_of.acknowledge(alert.name))
    world.passes(30 * SECOND)
    world.ends(run, "call")
    world.passes(119 * SECOND)
    assert world.rungs() == ["family"]
    world.passes(SECOND)
    assert world.rungs() == ["family", "neighbourhood"]
    assert world.reminded() == [("dispatcher", "步骤send")]


def test_a_step_done_in_time_is_never_told(world: PlaybookWorld) -> None:
    _, run = started(world, step("only", due_seconds=60))
    world.passes(59 * SECOND)
    world.ends(run, "only")
    world.passes(timedelta(hours=1))
    assert world.reminded() == []


def test_a_new_version_leaves_what_began_as_it_was(world: PlaybookWorld) -> None:
    alert, run = started(world)
    world.offers(playbook(step("else"), version=2))
    world.ends(run, "call")
    [known] = world.runs(alert.name)
    assert (known.playbook.version, len(known.steps)) == (1, 3)
    other = world.raised(subject="residents/other")
    _, new = world.plays(lambda all_of: all_of.start(other.name, "oxygen"))
    assert new.playbook.version == 2


def test_it_ends_with_its_alert_and_nobody_is_reminded(world: PlaybookWorld) -> None:
    alert, run = started(world)
    world.person("dispatcher", lambda all_of: all_of.resolve(alert.name, "已处理"))
    world.passes(timedelta(hours=1))
    [over] = world.runs(alert.name)
    assert (over.state, world.reminded()) == (RunState.OVER, [])
    with pytest.raises(FailedPrecondition, match="ALERT_RESOLVED"):
        world.ends(run, "call")


def test_aborted_with_a_reason_it_may_begin_again(world: PlaybookWorld) -> None:
    alert, run = started(world)
    _, over = world.plays(lambda all_of: all_of.abort(alert.name, run.id, "误选"))
    assert (over.state, over.end_note) == (RunState.ABORTED, "误选")
    with pytest.raises(FailedPrecondition, match="PLAYBOOK_ENDED"):
        world.ends(run, "call")
    world.plays(lambda all_of: all_of.start(alert.name, "oxygen"))
    assert [one.state for one in world.runs(alert.name)] == [RunState.RUNNING, RunState.ABORTED]


def test_somebody_of_another_area_finds_neither_alert_nor_run(world: PlaybookWorld) -> None:
    alert, run = started(world)
    with open_unit_of_work(world.db, clock=world.clock, ids=world.ids) as uow:
        elsewhere = Playbooks(uow, world.book, Scope("stranger", areas=("310999",)))
        with pytest.raises(NotFound, match="ALERT_NOT_FOUND"):
            elsewhere.runs(alert.name)
        with pytest.raises(NotFound, match="ALERT_NOT_FOUND"):
            elsewhere.end_step(alert.name, run.id, "call", StepState.DONE, "")


def test_a_run_of_another_alert_is_not_found(world: PlaybookWorld) -> None:
    _, run = started(world)
    other = world.raised(subject="residents/other")
    with pytest.raises(NotFound, match="PLAYBOOK_RUN_NOT_FOUND"):
        world.plays(lambda all_of: all_of.end_step(other.name, run.id, "call", StepState.DONE, ""))


def test_the_story_is_told_in_the_readers_language(world: PlaybookWorld) -> None:
    alert, run = started(world)
    world.ends(run, "call", note="无人接听")
    steps = world.does(lambda all_of: all_of.steps(alert.name))
    said = [step_to_wire(one, world.book, "en").note for one in steps][-2:]
    assert said == ["Oxygen", "Oxygen: Step call · 无人接听"]
    assert step_to_wire(steps[-1], world.book).note == "缺氧: 步骤call · 无人接听"
    assert alert_to_wire(world.get(alert), world.book).subject == ELDER


GOOD = document_of(playbook(CALL, SEND, REPORT, automatic=True, severities=["severe"]))


def test_a_document_reads_as_it_was_written() -> None:
    assert document_of(read_playbook(GOOD)) == GOOD


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "Oxygen"}, "id"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"names": {"en": "Oxygen"}}, "names.zh-CN"),
        ({"names": {"zh-CN": " ", "en": "x"}}, "names.zh-CN"),
        ({"fits": []}, "fits"),
        ({"fits": [{"domain": "eldercare", "severities": ["bad"]}]}, "fits[0].severities"),
        ({"steps": [step("a")] * 41}, "steps"),
        ({"steps": [step("a"), step("a")]}, "steps[1].id"),
        ({"steps": [step("a", after=["b"]), step("b")]}, "steps[0].after"),
        ({"steps": [step("a", due_seconds=5, due_from="a")]}, "steps[0].due_from"),
        ({"steps": [step("a", due_seconds=0)]}, "steps[0].due_seconds"),
        ({"steps": [step("a", optional=True)]}, "steps"),
        ({"steps": [step("a", colour="red")]}, "steps[0].colour"),
        ({"steps": [step("a", texts={"zh-CN": "长" * 301, "en": "x"})]}, "steps[0].texts.zh-CN"),
        ({"more": 1}, "more"),
    ],
)
def test_a_document_that_is_no_playbook_is_refused_with_the_field(change, field) -> None:
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook({**GOOD, **change})
    assert refused.value.field == field
