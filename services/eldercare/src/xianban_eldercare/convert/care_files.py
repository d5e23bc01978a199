"""Elders' files: protobuf ⇄ rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import care_files_pb2 as pb

from xianban_eldercare.domain.care_files import Living
from xianban_eldercare.repository.rows import CareFileRow

__all__ = ["LEVELS", "care_file", "resident_of", "summary", "written"]

_LIVING = {
    pb.LIVING_UNSPECIFIED: Living.UNKNOWN,
    pb.LIVING_ALONE: Living.ALONE,
    pb.LIVING_WITH_SPOUSE: Living.WITH_SPOUSE,
    pb.LIVING_WITH_FAMILY: Living.WITH_FAMILY,
    pb.LIVING_IN_INSTITUTION: Living.IN_INSTITUTION,
}
_SHOWN_LIVING = {living.value: shown for shown, living in _LIVING.items()}
# By their number, which grows with the need.
LEVELS = (
    pb.CARE_LEVEL_UNSPECIFIED,
    pb.CARE_LEVEL_INTACT,
    pb.CARE_LEVEL_MILD,
    pb.CARE_LEVEL_MODERATE,
    pb.CARE_LEVEL_SEVERE,
    pb.CARE_LEVEL_COMPLETE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def resident_of(name: str) -> str:
    """`residents/{id}/…` → the id."""
    return name.split("/")[1]


def care_file(row: CareFileRow) -> pb.CareFile:
    """The whole file."""
    shown = summary(row)
    shown.address = row.address
    if row.home:
        shown.home.CopyFrom(readings_pb2.Position(**orjson.loads(row.home)))
    shown.contacts.extend(pb.Contact(**one) for one in _listed(row.contacts))
    shown.conditions.extend(pb.Condition(**one) for one in _listed(row.conditions))
    shown.allergies.extend(_listed(row.allergies))
    return shown


def summary(row: CareFileRow) -> pb.CareFile:
    """What a list shows: nothing about health and home."""
    shown = pb.CareFile(
        name=f"residents/{row.resident}/careFile",
        display_name=row.display_name,
        area=row.area,
        living=_SHOWN_LIVING[row.living],
        care_level=LEVELS[row.care_level],
        station=row.station,
        version=row.version,
    )
    shown.update_time.FromDatetime(row.updated_at)
    if row.level_assessed_at is not None:
        shown.level_time.FromDatetime(row.level_assessed_at)
    if row.level_due_at is not None:
        shown.level_due_time.FromDatetime(row.level_due_at)
    return shown


def written(file: pb.CareFile) -> CareFileRow:
    """What somebody wrote; level, version and time are the service's."""
    return CareFileRow(
        resident=resident_of(file.name),
        display_name=file.display_name,
        area=file.area,
        address=file.address,
        home=_kept(_position(file.home)) if file.HasField("home") else "",
        living=_LIVING[file.living].value,
        care_level=0,
        contacts=_kept([_contact(one) for one in file.contacts]),
        conditions=_kept([{"code": one.code, "display": one.display} for one in file.conditions]),
        allergies=_kept(list(file.allergies)),
        station=file.station,
        version=0,
        updated_at=_EPOCH,
    )


def _contact(contact: pb.Contact) -> dict[str, str]:
    return {
        "display_name": contact.display_name,
        "phone": contact.phone,
        "relation": contact.relation,
        "person": contact.person,
    }


def _position(position: readings_pb2.Position) -> dict[str, float]:
    return {
        "latitude": position.latitude,
        "longitude": position.longitude,
        "accuracy_m": position.accuracy_m,
    }


def _kept(value: Any) -> str:
    return orjson.dumps(value).decode()


def _listed(text: str) -> list[Any]:
    return orjson.loads(text) if text else []
