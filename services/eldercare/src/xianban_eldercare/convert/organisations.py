"""Organisations, staff and beds: protobuf ⇄ rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from xianban.eldercare.v1 import organisations_pb2 as pb
from xianban_sdk.wire import day

from xianban_eldercare.convert.states import BED_STATES
from xianban_eldercare.domain.beds import BedKind, BedState
from xianban_eldercare.domain.staff import LicenceKind
from xianban_eldercare.handlers.organisations import Employed, licence
from xianban_eldercare.repository.organisation_rows import (
    BedRow,
    LicenceRow,
    OrganisationRow,
    StaffRow,
)

__all__ = [
    "bed",
    "bed_key",
    "kind_of",
    "organisation",
    "organisation_id",
    "staff",
    "staff_key",
    "written_bed",
    "written_organisation",
    "written_staff",
]

_KINDS: Final = {
    pb.ORGANISATION_KIND_HOME_CARE: "home-care",
    pb.ORGANISATION_KIND_DAY_CARE: "day-care",
    pb.ORGANISATION_KIND_INSTITUTION: "institution",
    pb.ORGANISATION_KIND_COMMUNITY_HOME: "community-home",
    pb.ORGANISATION_KIND_MEDICAL: "medical",
}
_SHOWN_KINDS: Final = {kept: shown for shown, kept in _KINDS.items()}
_LICENCES: Final = {
    pb.LICENCE_KIND_HEALTH: LicenceKind.HEALTH,
    pb.LICENCE_KIND_CARE_WORKER: LicenceKind.CARE_WORKER,
    pb.LICENCE_KIND_NURSE: LicenceKind.NURSE,
    pb.LICENCE_KIND_THERAPIST: LicenceKind.THERAPIST,
}
_SHOWN_LICENCES: Final = {kept.value: shown for shown, kept in _LICENCES.items()}
_BED_KINDS: Final = {
    pb.BED_KIND_ORDINARY: BedKind.ORDINARY,
    pb.BED_KIND_NURSING: BedKind.NURSING,
}
_SHOWN_BED_KINDS: Final = {kept.value: shown for shown, kept in _BED_KINDS.items()}


def organisation_id(name: str) -> str:
    """`organisations/{id}/…` → the id."""
    return name.split("/")[1]


def bed_key(name: str) -> tuple[str, str]:
    """`organisations/{o}/beds/{b}` → both ids."""
    _, organisation, _, bed_id = name.split("/")
    return organisation, bed_id


def staff_key(name: str) -> tuple[str, str]:
    """`organisations/{o}/staff/{p}` → both ids."""
    _, organisation, _, person = name.split("/")
    return organisation, person


def kind_of(kind: pb.OrganisationKind.ValueType) -> str:
    """As it is kept; "" of none."""
    return _KINDS.get(kind, "")


def organisation(row: OrganisationRow, free: Mapping[str, int]) -> pb.Organisation:
    return pb.Organisation(
        name=f"organisations/{row.id}",
        display_name=row.display_name,
        kind=_SHOWN_KINDS[row.kind],
        area=row.area,
        licence_number=row.licence_number,
        licence_expire_date=_shown(row.licence_expires_on),
        address=row.address,
        phone=row.phone,
        capacity=row.capacity,
        version=row.version,
        free_beds=sum(free.values()),
        free_nursing_beds=free.get(BedKind.NURSING.value, 0),
    )


def written_organisation(given: pb.Organisation) -> OrganisationRow:
    return OrganisationRow(
        id=organisation_id(given.name),
        display_name=given.display_name,
        kind=kind_of(given.kind),
        area=given.area,
        licence_number=given.licence_number,
        licence_expires_on=_day(given.licence_expire_date, "organisation.licence_expire_date"),
        address=given.address,
        phone=given.phone,
        capacity=given.capacity,
        version=0,
    )


def staff(found: Employed, today: date) -> pb.Staff:
    row = found.row
    return pb.Staff(
        name=f"organisations/{row.organisation}/staff/{row.person}",
        display_name=row.display_name,
        qualification=row.qualification,
        licences=[_licence(one, today) for one in found.licences],
        employ_date=row.employed_on.isoformat(),
        leave_date=_shown(row.leaves_on),
        active=row.active,
        version=row.version,
    )


def _licence(row: LicenceRow, today: date) -> pb.Licence:
    held = licence(row)
    return pb.Licence(
        kind=_SHOWN_LICENCES[row.kind],
        number=row.number,
        issue_date=row.issued_on.isoformat(),
        expire_date=row.expires_on.isoformat(),
        expired=held.expired(today),
        expires_soon=held.expires_soon(today),
    )


def written_staff(given: pb.Staff) -> Employed:
    organisation_, person = staff_key(given.name)
    row = StaffRow(
        organisation=organisation_,
        person=person,
        display_name=given.display_name,
        qualification=given.qualification,
        employed_on=day(given.employ_date, "staff.employ_date"),
        leaves_on=_day(given.leave_date, "staff.leave_date"),
        active=given.active,
        version=0,
    )
    return Employed(
        row,
        [
            LicenceRow(
                organisation_,
                person,
                _LICENCES[one.kind].value,
                one.number,
                day(one.issue_date, f"staff.licences[{place}].issue_date"),
                day(one.expire_date, f"staff.licences[{place}].expire_date"),
            )
            for place, one in enumerate(given.licences)
        ],
    )


def bed(row: BedRow, names: Mapping[str, str]) -> pb.Bed:
    made = pb.Bed(
        name=f"organisations/{row.organisation}/beds/{row.id}",
        room=row.room,
        kind=_SHOWN_BED_KINDS[row.kind],
        state=BED_STATES[row.state],
        version=row.version,
    )
    if row.resident is not None:
        made.resident = f"residents/{row.resident}"
        made.resident_display = names.get(row.resident, "")
    if row.hold_until is not None:
        made.hold_expire_time.FromDatetime(row.hold_until)
    return made


def written_bed(given: pb.Bed) -> BedRow:
    organisation_, bed_id = bed_key(given.name)
    kind = _BED_KINDS[given.kind].value
    return BedRow(organisation_, bed_id, given.room, kind, BedState.FREE.value, None, None, 0)


def _shown(day: date | None) -> str:
    return day.isoformat() if day else ""


def _day(text: str, field: str) -> date | None:
    return day(text, field) if text else None
