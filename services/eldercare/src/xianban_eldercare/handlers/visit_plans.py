"""Plans of weekly visits: written, turned into visits day by day, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Final

import orjson
from sqlalchemy import Connection
from xianban_sdk.clock import local_day
from xianban_sdk.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    XianbanError,
)
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.holidays import is_holiday
from xianban_eldercare.domain.referrals import CareSetting
from xianban_eldercare.domain.visit_plans import BEHIND_DAYS, HolidayChoice, VisitPlan
from xianban_eldercare.domain.visits import VisitState
from xianban_eldercare.errors import refusals
from xianban_eldercare.handlers.planning import Carer, Sending, carer_of, rostered
from xianban_eldercare.handlers.visits import call_off
from xianban_eldercare.repository import MACHINE, Referrals, Scope, VisitPlans, Visits
from xianban_eldercare.repository.organisation_rows import UnmadeRow, VisitPlanRow, VisitRow
from xianban_eldercare.repository.visits import Span

__all__ = [
    "Change",
    "SeenPlan",
    "change_plan",
    "create_plan",
    "end_plan",
    "make_visits",
    "plan_of",
    "seen",
    "visit_for",
]

# What a rule says of one day; anything else is a fault and stops the plan's pass.
_SAID_NO: Final = (FailedPrecondition, InvalidArgument, NotFound)


@dataclass(frozen=True, slots=True)
class SeenPlan:
    """A plan, and the days for which no visit could be rostered."""

    row: VisitPlanRow
    unmade: Sequence[UnmadeRow]


@dataclass(frozen=True, slots=True)
class Change:
    """How a plan, as it was seen in a version, shall be from a day on; and why."""

    plan: str
    wanted: VisitPlanRow
    seen: int
    from_on: date
    reason: str


def seen(rows: Sequence[VisitPlanRow], *, conn: Connection, unmade: bool) -> list[SeenPlan]:
    """`unmade`: the reasons name licences and a carer's other hours; they are the manager's."""
    asked = [row.id for row in rows] if unmade else []
    found = VisitPlans(conn, MACHINE).unmade(asked)
    return [SeenPlan(row, found.get(row.id, [])) for row in rows]


def create_plan(wanted: VisitPlanRow, *, scope: Scope, uow: UnitOfWork) -> VisitPlanRow:
    """For a carer who works there; whether each day can be rostered shows day by day."""
    plan = plan_of(wanted)
    with refusals():
        plan.planned(uow.clock.now())
    due = plan.due((), uow.clock.now())
    carer = carer_of(_sending(wanted), _span(wanted, due), scope=scope, uow=uow)
    row = replace(wanted, id=uow.ids.new(), carer_display=carer.row.display_name, version=1)
    VisitPlans(uow.conn, scope).add(row)
    _make(row, due, carer, uow)
    return row


def change_plan(change: Change, *, scope: Scope, uow: UnitOfWork) -> VisitPlanRow:
    """Another plan goes on where this one ends: what was keeps the plan by which it was."""
    before = VisitPlans(uow.conn, scope).get(change.plan)
    _check(before, change, uow)
    after = replace(
        change.wanted,
        id=uow.ids.new(),
        organisation=before.organisation,
        first_on=max(change.from_on, before.first_on),
        follows=before.id,
        version=1,
    )
    with refusals():
        plan_of(after).planned(uow.clock.now())
    _cut(before, change.from_on, uow)
    made = _handed_over(before, after, change, uow)
    due = () if _away(after, uow) else plan_of(after).due(made, uow.clock.now())
    carer = carer_of(_sending(after), _span(after, due), scope=scope, uow=uow)
    row = replace(after, carer_display=carer.row.display_name)
    VisitPlans(uow.conn, scope).add(row)
    _make(row, due, carer, uow)
    return row


def _check(before: VisitPlanRow, change: Change, uow: UnitOfWork) -> None:
    if before.ended_at is not None:
        raise FailedPrecondition("VISIT_PLAN_ENDED", field="name")
    if before.version != change.seen:
        raise Aborted("VISIT_PLAN_CHANGED", field="visit_plan.version")
    if change.from_on < local_day(uow.clock.now()):
        raise InvalidArgument("PLAN_CHANGE_PAST", field="from_date")
    if before.last_on is not None and change.from_on > before.last_on:
        raise InvalidArgument("PLAN_CHANGE_AFTER_END", field="from_date")


def _cut(row: VisitPlanRow, from_on: date, uow: UnitOfWork) -> None:
    """Of a plan that had not come into force nothing is left."""
    plans = VisitPlans(uow.conn, MACHINE)
    if from_on <= row.first_on:
        cut = replace(row, ended_at=uow.clock.now(), version=row.version + 1)
    else:
        cut = replace(row, last_on=from_on - timedelta(days=1), version=row.version + 1)
    plans.save(cut)
    known = plans.unmade([row.id]).get(row.id, [])
    plans.put_unmade(row.id, [one for one in known if one.day < from_on])


def _handed_over(
    before: VisitPlanRow, after: VisitPlanRow, change: Change, uow: UnitOfWork
) -> set[date]:
    """The days that need no other visit: theirs has begun, or somebody did not want it."""
    visits, stays = Visits(uow.conn, MACHINE), set[date]()
    for visit in visits.of_plan_since(before.id, change.from_on):
        if visit.state == VisitState.PLANNED and visit.start_at > uow.clock.now():
            call_off(visit, change.reason, uow=uow)
        elif visit.plan_day is not None:
            visits.save(replace(visit, plan=after.id))
            stays.add(visit.plan_day)
    return stays


def end_plan(plan_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> VisitPlanRow:
    """No more visits; those that have not begun are called off."""
    now, plans = uow.clock.now(), VisitPlans(uow.conn, scope)
    row = plans.get(plan_id)
    if row.ended_at is not None:
        raise FailedPrecondition("VISIT_PLAN_ENDED", field="name")
    after = replace(row, ended_at=now, version=row.version + 1)
    plans.save(after)
    plans.put_unmade(row.id, [])
    for visit in Visits(uow.conn, scope).ahead_of_plan(row.id, now):
        call_off(visit, reason, uow=uow)
    return after


def make_visits(plan_id: str, *, uow: UnitOfWork) -> None:
    """Rosters what the next two weeks lack; any number of times, in any process.

    The plan is locked meanwhile, so that of two processes the second finds nothing to do.
    """
    plans = VisitPlans(uow.conn, MACHINE)
    row = plans.find(plan_id)
    if row is None or row.ended_at is not None or _away(row, uow):
        return
    now = uow.clock.now()
    since = local_day(now) - timedelta(days=BEHIND_DAYS)
    made = Visits(uow.conn, MACHINE).days_of_plans([plan_id], since)[plan_id]
    due = plan_of(row).due(made, now)
    if not due:
        _note([], row, uow)
        return
    try:
        carer = carer_of(_sending(row), _span(row, due), scope=MACHINE, uow=uow)
    except _SAID_NO as error:
        _note([_unmade(row, day, error) for day in due], row, uow)
    else:
        _make(row, due, carer, uow)


def _away(row: VisitPlanRow, uow: UnitOfWork) -> bool:
    """Nobody is sent to the home of an elder who was referred elsewhere; the plan waits."""
    stay = Referrals(uow.conn, MACHINE).stay(row.resident)
    return stay is not None and stay.target != CareSetting.HOME


def _make(row: VisitPlanRow, due: Sequence[date], carer: Carer, uow: UnitOfWork) -> None:
    tried = [(day, _refusal(row, day, carer, uow)) for day in due]
    _note([_unmade(row, day, error) for day, error in tried if error is not None], row, uow)


def _refusal(row: VisitPlanRow, day: date, carer: Carer, uow: UnitOfWork) -> XianbanError | None:
    # It comes before anything is written: the transaction goes on.
    try:
        rostered(visit_for(row, day), carer, uow=uow)
    except _SAID_NO as error:
        return error
    return None


def _note(unmade: Sequence[UnmadeRow], row: VisitPlanRow, uow: UnitOfWork) -> None:
    plans = VisitPlans(uow.conn, MACHINE)
    if unmade != plans.unmade([row.id]).get(row.id, []):
        plans.put_unmade(row.id, unmade)


def _sending(row: VisitPlanRow) -> Sending:
    return Sending(row.resident, row.organisation, row.carer, "visit_plan")


def _span(row: VisitPlanRow, days: Sequence[date]) -> Span:
    """From the way to the first until the end of the last."""
    spans = [plan_of(row).span(day) for day in days] or [plan_of(row).span(row.first_on)]
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return first - timedelta(minutes=row.travel_minutes), last


def _unmade(row: VisitPlanRow, day: date, error: XianbanError) -> UnmadeRow:
    return UnmadeRow(row.id, day, error.reason, orjson.dumps(error.params).decode())


def plan_of(row: VisitPlanRow) -> VisitPlan:
    """What the rules are about."""
    return VisitPlan(
        weekdays=frozenset(map(int, row.weekdays)),
        starts=time.fromisoformat(row.starts),
        length=timedelta(minutes=row.minutes),
        first_on=row.first_on,
        last_on=row.last_on,
        holidays=HolidayChoice(row.holidays),
        is_holiday=is_holiday,
    )


def visit_for(row: VisitPlanRow, day: date) -> VisitRow:
    """The day's visit as somebody would plan it."""
    start, end = plan_of(row).span(day)
    tasks = [{"text": one, "done": False} for one in orjson.loads(row.tasks)]
    return VisitRow(
        resident=row.resident,
        organisation=row.organisation,
        carer=row.carer,
        carer_display=row.carer_display,
        kind=row.kind,
        start_at=start,
        end_at=end,
        travel_minutes=row.travel_minutes,
        tasks=orjson.dumps(tasks).decode(),
        plan=row.id,
        plan_day=day,
    )
