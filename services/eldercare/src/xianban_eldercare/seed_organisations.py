"""The demo's care organisations: beds, a carer with licences, visits on every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
from xianban_sdk.clock import local_day
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer, schedule

from xianban_eldercare.domain.visit_plans import AHEAD_DAYS
from xianban_eldercare.domain.visits import MISSED_AFTER
from xianban_eldercare.handlers.visit_plans import visit_for
from xianban_eldercare.handlers.visits import MISSED
from xianban_eldercare.repository import MACHINE, Beds, Organisations, StaffBook, VisitPlans, Visits
from xianban_eldercare.repository.organisation_rows import (
    BedRow,
    LicenceRow,
    OrganisationRow,
    StaffRow,
    VisitPlanRow,
)

__all__ = ["seed_organisations"]

Entry = dict[str, Any]


def seed_organisations(uow: UnitOfWork, written: dict[str, list[Entry]]) -> None:
    """Everything counts from today, so that the demo's day is today."""
    today = local_day(uow.clock.now())
    for entry in written["organisation"]:
        _organisation(uow, entry, today)
    names = {entry["alias"]: entry["name"] for entry in written["staff"]}
    for entry in written["staff"]:
        _staff(uow, entry, today)
    for entry in written["visit_plan"]:
        row = _plan(uow, entry, today, names[entry["carer"]])
        # The service rosters what comes later; it needs to know its carers for that.
        for days in range(AHEAD_DAYS):
            _visit(uow, row, today + timedelta(days=days))


def _organisation(uow: UnitOfWork, entry: Entry, today: date) -> None:
    row = OrganisationRow(
        id=entry["id"],
        display_name=entry["name"],
        kind=entry["kind"],
        area=entry["area"],
        licence_number=entry["licence_number"],
        licence_expires_on=today + timedelta(days=entry["licence_days"]),
        address=entry["address"],
        phone=entry["phone"],
        capacity=entry["capacity"],
        version=1,
    )
    Organisations(uow.conn, MACHINE).add(row)
    for one in entry.get("beds", []):
        bed = BedRow(row.id, one["id"], one["room"], one["kind"], "free", None, None, 1)
        Beds(uow.conn, MACHINE).add(bed)


def _staff(uow: UnitOfWork, entry: Entry, today: date) -> None:
    person = person_id(entry["alias"])
    row = StaffRow(
        organisation=entry["organisation"],
        person=person,
        display_name=entry["name"],
        qualification=entry["qualification"],
        employed_on=today - timedelta(days=700),
        leaves_on=None,
        active=True,
        version=1,
    )
    licences = [
        LicenceRow(
            row.organisation,
            person,
            one["kind"],
            one["number"],
            today - timedelta(days=345),
            today + timedelta(days=one["days"]),
        )
        for one in entry["licences"]
    ]
    book = StaffBook(uow.conn, MACHINE)
    if book.add(row):
        book.put_licences(row, licences)


def _plan(uow: UnitOfWork, entry: Entry, today: date, carer_name: str) -> VisitPlanRow:
    row = VisitPlanRow(
        id=uow.ids.new(),
        resident=person_id(entry["elder"]),
        organisation=entry["organisation"],
        carer=person_id(entry["carer"]),
        carer_display=carer_name,
        kind=entry["kind"],
        weekdays="1234567",
        starts=f"{entry['hour']:02}:00",
        minutes=entry["minutes"],
        travel_minutes=entry["travel"],
        tasks=orjson.dumps(entry["tasks"]).decode(),
        first_on=today,
        last_on=None,
        ended_at=None,
        version=1,
    )
    VisitPlans(uow.conn, MACHINE).add(row)
    return row


def _visit(uow: UnitOfWork, plan: VisitPlanRow, day: date) -> None:
    row = replace(visit_for(plan, day), id=uow.ids.new(), version=1)
    # What the day already saw is done. Nobody plays the carer all day: what is still to come
    # raises no alarm by itself, but ends as missed.
    if row.end_at <= uow.clock.now():
        tasks = [{"text": one, "done": True} for one in orjson.loads(plan.tasks)]
        row = replace(
            row,
            tasks=orjson.dumps(tasks).decode(),
            state="done",
            checked_in_at=row.start_at,
            checked_out_at=row.end_at,
        )
    else:
        schedule(uow.conn, Timer(MISSED, row.id, row.end_at + MISSED_AFTER))
    Visits(uow.conn, MACHINE).add(row)
