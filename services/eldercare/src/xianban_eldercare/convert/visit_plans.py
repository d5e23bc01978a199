"""Plans of weekly visits: protobuf ⇄ rows."""

from __future__ import annotations

import orjson
from xianban.eldercare.v1 import visit_plans_pb2 as pb
from xianban_sdk.errors import FailedPrecondition, localised
from xianban_sdk.wire import day

from xianban_eldercare.convert.organisations import organisation_id
from xianban_eldercare.convert.visits import KINDS, SHOWN_KINDS
from xianban_eldercare.domain.visit_plans import HolidayChoice
from xianban_eldercare.handlers.visit_plans import SeenPlan
from xianban_eldercare.repository.organisation_rows import UnmadeRow, VisitPlanRow

__all__ = ["plan_id", "visit_plan", "written"]

_HOLIDAYS = {
    pb.HOLIDAY_CHOICE_UNSPECIFIED: HolidayChoice.KEEP,
    pb.HOLIDAY_CHOICE_KEEP: HolidayChoice.KEEP,
    pb.HOLIDAY_CHOICE_SKIP: HolidayChoice.SKIP,
    pb.HOLIDAY_CHOICE_MOVE: HolidayChoice.MOVE,
}
_SHOWN_HOLIDAYS = {choice.value: shown for shown, choice in _HOLIDAYS.items()}


def plan_id(name: str) -> str:
    """`residents/{r}/visitPlans/{p}` → the plan's id."""
    return name.rpartition("/")[2]


def visit_plan(seen: SeenPlan, locale: str) -> pb.VisitPlan:
    row = seen.row
    made = pb.VisitPlan(
        name=f"residents/{row.resident}/visitPlans/{row.id}",
        organisation=f"organisations/{row.organisation}",
        carer=row.carer,
        carer_display=row.carer_display,
        kind=SHOWN_KINDS[row.kind],
        weekdays=[int(one) for one in row.weekdays],
        start_time=row.starts,
        minutes=row.minutes,
        travel_minutes=row.travel_minutes,
        tasks=orjson.loads(row.tasks),
        first_date=row.first_on.isoformat(),
        last_date=row.last_on.isoformat() if row.last_on else "",
        version=row.version,
        holidays=_SHOWN_HOLIDAYS[row.holidays],
        follows=f"residents/{row.resident}/visitPlans/{row.follows}" if row.follows else "",
        unmade_days=[_unmade(one, locale) for one in seen.unmade],
    )
    if row.ended_at is not None:
        made.end_time.FromDatetime(row.ended_at)
    return made


def _unmade(row: UnmadeRow, locale: str) -> pb.UnmadeDay:
    refusal = FailedPrecondition(row.reason, **orjson.loads(row.params))
    display = localised(refusal, locale, "xianban_eldercare")
    return pb.UnmadeDay(date=row.day.isoformat(), reason=row.reason, display=display)


def written(resident: str, given: pb.VisitPlan) -> VisitPlanRow:
    """What is planned; all else is the service's."""
    last = given.last_date
    return VisitPlanRow(
        id="",
        resident=resident,
        organisation=organisation_id(given.organisation),
        carer=given.carer,
        carer_display="",
        kind=KINDS[given.kind].value,
        weekdays="".join(map(str, sorted(given.weekdays))),
        starts=given.start_time,
        minutes=given.minutes,
        travel_minutes=given.travel_minutes,
        tasks=orjson.dumps(list(given.tasks)).decode(),
        first_on=day(given.first_date, "visit_plan.first_date"),
        last_on=day(last, "visit_plan.last_date") if last else None,
        ended_at=None,
        version=0,
        holidays=_HOLIDAYS[given.holidays].value,
    )
