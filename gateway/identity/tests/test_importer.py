"""A district's staff comes from a file: who works where, as what, for which areas."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from xianban_identity.importer import import_staff
from xianban_identity.repository import people
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.ids import SeededIds
from xianban_sdk.testing import START

HEAD = "phone,name,organisation,role,areas,active\n"
LINE = "13800001111,赵站长,fengpu-station,station-manager,310120/fengpu 310120/nanqiao,\n"


@pytest.fixture
def load(database, tmp_path: Path):
    clock = ManualClock(START)
    resources = SimpleNamespace(db=database, clock=clock, ids=SeededIds(9, clock))

    def loaded(text: str, encoding: str = "utf-8"):
        path = tmp_path / "staff.csv"
        path.write_text(text, encoding)
        return import_staff(path, resources, lambda _: None, {})

    return loaded


def roles(database, phone: str = "13800001111"):
    with database.read() as conn:
        person = people.by_phone(conn, phone)
        assert person is not None
        return person.name, people.memberships(conn, person.id)


def test_somebody_who_never_logged_in_has_the_role(load, database):
    assert load(HEAD + LINE).accepted == 1
    name, (held,) = roles(database)
    assert (name, held.role) == ("赵站长", "station-manager")
    assert held.areas == ("310120/fengpu", "310120/nanqiao")


def test_the_same_file_again_changes_nothing(load):
    load(HEAD + LINE)
    again = load(HEAD + LINE, "utf-8-sig")
    assert (again.accepted, again.duplicates) == (0, 1)


def test_areas_change_and_a_role_ends(load, database):
    load(HEAD + LINE)
    load(HEAD + LINE.replace(" 310120/nanqiao", ""))
    assert roles(database)[1][0].areas == ("310120/fengpu",)
    load(HEAD + LINE.replace("nanqiao,", "nanqiao,0"))
    assert roles(database)[1] == []


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("phone", LINE.replace("13800001111", "12345")),
        ("areas", LINE.replace("310120/fengpu 310120/nanqiao", "everywhere")),
        ("role", LINE.replace("station-manager", "Station Manager")),
        ("role", LINE.replace("station-manager", "station-manger")),
        ("name", LINE.replace("赵站长", "")),
        ("active", LINE.replace(",\n", ",maybe\n")),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_taken(load, field, line):
    report = load(HEAD + line + LINE)
    assert (report.accepted, report.rejected) == (1, 1)
    assert (report.rejections[0].item, report.rejections[0].field) == ("line 2", field)


def test_a_file_without_a_column_is_refused(load):
    with pytest.raises(InvalidArgument, match="IMPORT_COLUMN_MISSING"):
        load("phone,name\n13800001111,赵\n")
