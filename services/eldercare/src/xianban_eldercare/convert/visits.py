"""Visits: protobuf ⇄ rows."""

from __future__ import annotations

from typing import Any, Final

import orjson
from xianban.eldercare.v1 import visits_pb2 as pb
from xianban_sdk.wire import instant, stamp

from xianban_eldercare.convert.organisations import organisation_id
from xianban_eldercare.convert.states import VISIT_STATES
from xianban_eldercare.domain.visits import VisitKind
from xianban_eldercare.handlers.visits import Seen, tasks_of
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.visits import Span

__all__ = ["KINDS", "SHOWN_KINDS", "span", "visit", "visit_id", "written"]

KINDS: Final = {
    pb.VISIT_KIND_CALL: VisitKind.CALL,
    pb.VISIT_KIND_MEAL: VisitKind.MEAL,
    pb.VISIT_KIND_CLEANING: VisitKind.CLEANING,
    pb.VISIT_KIND_PERSONAL_CARE: VisitKind.PERSONAL_CARE,
    pb.VISIT_KIND_BATHING: VisitKind.BATHING,
    pb.VISIT_KIND_NURSING: VisitKind.NURSING,
    pb.VISIT_KIND_REHABILITATION: VisitKind.REHABILITATION,
}
SHOWN_KINDS: Final = {kept.value: shown for shown, kept in KINDS.items()}


def visit_id(name: str) -> str:
    """`residents/{r}/visits/{v}` → the visit's id."""
    return name.rpartition("/")[2]


def span(request: Any) -> Span:
    """Of a request with start_time and end_time."""
    return instant(request.start_time), instant(request.end_time)


def visit(seen: Seen, *, contact: bool = False) -> pb.Visit:
    """`contact`: with whom to ring when nobody opens."""
    row, file = seen.row, seen.file
    made = pb.Visit(
        name=f"residents/{row.resident}/visits/{row.id}",
        organisation=f"organisations/{row.organisation}",
        carer=row.carer,
        carer_display=row.carer_display,
        kind=SHOWN_KINDS[row.kind],
        start_time=stamp(row.start_at),
        end_time=stamp(row.end_at),
        travel_minutes=row.travel_minutes,
        tasks=[pb.VisitTask(text=one.text, done=one.done) for one in tasks_of(row)],
        state=VISIT_STATES[row.state],
        cancel_reason=row.cancel_reason,
        check_in_time=stamp(row.checked_in_at),
        distance_metres=row.distance_metres,
        away_reason=row.away_reason,
        check_out_time=stamp(row.checked_out_at),
        note=row.note,
        version=row.version,
    )
    if file is not None:
        made.elder_display, made.address = file.display_name, file.address
        contacts: list[dict[str, str]] = (
            orjson.loads(file.contacts) if contact and file.contacts else []
        )
        # The carer's own entry helps nobody who stands before the door.
        others = [one for one in contacts if one["person"] != row.carer]
        if others:
            made.contact_display, made.contact_phone = _named(others[0]), others[0]["phone"]
    return made


def _named(contact: dict[str, str]) -> str:
    relation = contact["relation"]
    return f"{contact['display_name']} ({relation})" if relation else contact["display_name"]


def written(resident: str, given: pb.Visit) -> VisitRow:
    """What is planned; all else is the service's."""
    tasks = [{"text": one.text, "done": False} for one in given.tasks]
    return VisitRow(
        resident=resident,
        organisation=organisation_id(given.organisation),
        carer=given.carer,
        kind=KINDS[given.kind].value,
        start_at=instant(given.start_time),
        end_at=instant(given.end_time),
        travel_minutes=given.travel_minutes,
        tasks=orjson.dumps(tasks).decode(),
    )
