"""`xianban import staff FILE.csv`: who works where, as what, for which areas.

Columns: phone, name, organisation, role, areas (separated by spaces, path prefixes such as
310120/nanqiao) and, if there, active (0 ends the role). A line again changes nothing; who has never
logged in is known from then on, by phone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from xianban_sdk import i18n
from xianban_sdk.app import Resources
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.ids import id_of
from xianban_sdk.importing import ImportReport, Rejection
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_identity.domain.errors import Refusal
from xianban_identity.domain.people import Membership, clean_name
from xianban_identity.events import publish_membership
from xianban_identity.handlers.people import person_of_phone
from xianban_identity.repository import people

__all__ = ["import_staff"]

COLUMNS: Final = ("phone", "name", "organisation", "role", "areas")
_LONGEST_FILE: Final = 16 << 20
# Bounded fields, no repetition inside a repetition: nothing here runs long.
_SHAPES: Final = {
    "phone": re.compile(r"1[3-9][0-9]{9}", re.ASCII),
    "organisation": re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII),
    "role": re.compile(r"[a-z][a-z-]{1,63}", re.ASCII),
    "areas": re.compile(r"[0-9]{6}[a-z0-9/ -]{0,500}", re.ASCII),
    "active": re.compile(r"[01]?", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class _Line:
    phone: str
    name: str
    organisation: str
    role: str
    areas: tuple[str, ...]
    active: bool


class _Bad(ValueError):
    """A field of a line; `args` are the field's name and the reason."""


def import_staff(
    path: Path,
    resources: Resources,
    progress: Callable[[ImportReport], None],
    options: Mapping[str, str],
) -> ImportReport:
    """Each line in a transaction of its own; a bad one is named and left out."""
    if options:
        raise InvalidArgument("IMPORT_OPTION_UNKNOWN", field="options", option=min(options))
    lines = _lines(path)
    report = ImportReport(total=len(lines))
    for number, line in enumerate(lines, start=2):
        try:
            fresh = _take(_read(line), resources)
        except _Bad as error:
            field, reason = error.args
            report.rejected += 1
            report.rejections.append(Rejection(f"line {number}", field, reason))
        else:
            report.accepted += fresh
            report.duplicates += not fresh
        report.done += 1
        progress(report)
    return report


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        if path.stat().st_size > _LONGEST_FILE:
            raise InvalidArgument("IMPORT_FILE_UNREADABLE", field="path", file=path.name)
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (found.fieldnames or ())]
            if missing:
                raise InvalidArgument("IMPORT_COLUMN_MISSING", field="path", column=missing[0])
            return [{key: value or "" for key, value in line.items() if key} for line in found]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidArgument("IMPORT_FILE_UNREADABLE", field="path", file=path.name) from error


def _read(line: Mapping[str, str]) -> _Line:
    said = {name: line.get(name, "").strip() for name in (*COLUMNS, "active")}
    for name, shape in _SHAPES.items():
        if not shape.fullmatch(said[name]):
            raise _Bad(name, f"{said[name][:40]!r} is none")
    # Every role that an RPC asks for has words: one without them would open nothing.
    if f"role-{said['role']}" not in i18n.catalogue("xianban_identity").keys("zh-CN"):
        raise _Bad("role", f"{said['role'][:40]!r} is none")
    try:
        name = clean_name(said["name"])
    except Refusal as error:
        raise _Bad("name", error.reason) from error
    areas = tuple(said["areas"].split())
    active = said["active"] != "0"
    return _Line(said["phone"], name, said["organisation"], said["role"], areas, active)


def _take(line: _Line, resources: Resources) -> bool:
    """False when all of it is known."""
    with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
        person = person_of_phone(line.phone, "zh-CN", uow=uow)
        if not person.name:
            people.save(uow.conn, replace(person, name=line.name))
        membership = Membership(
            _id(person.id, line), person.id, line.organisation, line.role, line.areas, line.active
        )
        return _put(membership, uow)


def _put(item: Membership, uow: UnitOfWork) -> bool:
    known = [one for one in people.memberships(uow.conn, item.person) if one.id == item.id]
    if known == [item] or (not known and not item.active):
        return False
    people.put_membership(uow.conn, item)
    publish_membership(uow, item)
    uow.audit("ImportStaff", f"memberships/{item.id}")
    return True


def _id(person: str, line: _Line) -> str:
    """The same person, organisation and role is the same membership; areas may change."""
    return id_of(f"{person}/{line.organisation}/{line.role}")
