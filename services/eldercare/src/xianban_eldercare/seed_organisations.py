"""The demo's care organisations: beds, a carer with licences, visits today and tomorrow."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer, schedule

from xianban_eldercare.domain.visits import MISSED_AFTER
from xianban_eldercare.handlers.visits import MISSED
from xianban_eldercare.repository import MACHINE, Beds, Organisations, StaffBook, Visits
from xianban_eldercare.repository.organisation_rows import (
    BedRow,
    LicenceRow,
    OrganisationRow,
    StaffRow,
    VisitRow,
)

__all__ = ["seed_organisations"]

Entry = dict[str, Any]


def seed_organisations(uow: UnitOfWork, written: dict[str, list[Entry]]) -> None:
    """Everything counts from today, so that the demo's day is today."""
    today = uow.clock.now().astimezone(SHANGHAI).date()
    for entry in written["organisation"]:
        _organisation(uow, entry, today)
    names = {entry["alias"]: entry["name"] for entry in written["staff"]}
    for entry in written["staff"]:
        _staff(uow, entry, today)
    for entry in written["visit"]:
        for days in entry["days"]:
            _visit(uow, entry, today + timedelta(days=days), names[entry["carer"]])


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


def _visit(uow: UnitOfWork, entry: Entry, day: date, carer_name: str) -> None:
    start = datetime.combine(day, time(entry["hour"]), SHANGHAI).astimezone(UTC)
    minutes, tasks = timedelta(minutes=entry["minutes"]), entry["tasks"]
    # What the day already saw is done. Nobody plays the carer all day: what is still to come
    # raises no alarm by itself, but ends as missed.
    over = start + minutes <= uow.clock.now()
    row = VisitRow(
        id=uow.ids.new(),
        resident=person_id(entry["elder"]),
        organisation=entry["organisation"],
        carer=person_id(entry["carer"]),
        carer_display=carer_name,
        kind=entry["kind"],
        start_at=start,
        end_at=start + minutes,
        travel_minutes=entry["travel"],
        tasks=orjson.dumps([{"text": one, "done": over} for one in tasks]).decode(),
        state="done" if over else "planned",
        cancel_reason="",
        checked_in_at=start if over else None,
        checked_in_place="",
        distance_metres=None,
        away_reason="",
        checked_out_at=start + minutes if over else None,
        note="",
        version=1,
    )
    Visits(uow.conn, MACHINE).add(row)
    if not over:
        schedule(uow.conn, Timer(MISSED, row.id, row.end_at + MISSED_AFTER))
