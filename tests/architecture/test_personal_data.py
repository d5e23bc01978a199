"""No table holds a person without saying whose data it is, what for, and what becomes of it."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from sqlalchemy import Table
from xianban_sdk.app import Service, installed_services
from xianban_sdk.i18n import LOCALES, catalogue
from xianban_sdk.personal import Fate, holdings
from xianban_sdk.personal.own import UNFINDABLE
from xianban_sdk.storage import Encrypted
from xianban_sdk.storage.tables import sdk_metadata

# What a column that names a person is called in this suite.
PERSONS = {
    "person",
    "resident",
    "recipient",
    "actor",
    "subject",
    "delegate",
    "principal",
    "decided_by",
    "child",
    "pupil",
    "student",
    "elder",
    "patient",
    "guardian",
    "carer",
    "teacher",
    "doctor",
    "visitor",
    "owner",
}
SERVICES = installed_services()
_HOLD = re.compile(r"""["']([A-Z]+(?:_[A-Z]+)*)["']""")


def tables(service: Service) -> list[Table]:
    own = service.metadata.tables.values() if service.metadata is not None else []
    return [*own, *sdk_metadata.tables.values()]


def personal(table: Table) -> bool:
    return any(c.name in PERSONS or isinstance(c.type, Encrypted) for c in table.columns)


def has_text(service: Service, key: str) -> bool:
    return all(
        catalogue(package).keys(locale) >= {key}
        for package in [service.package if own(service, key) else "xianban_sdk"]
        for locale in LOCALES
    )


def own(service: Service, key: str) -> bool:
    return key in catalogue(service.package).keys(LOCALES[0])


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_a_table_that_holds_a_person_is_declared(service: Service) -> None:
    declared = {holding.table.name for holding in holdings(service.personal_data)}
    excused = {*service.personal_data.unfindable, *UNFINDABLE}
    silent = [
        table.name
        for table in tables(service)
        if personal(table) and table.name not in declared | excused
    ]
    assert not silent, f"{service.name}/personal.py says nothing of {silent}"


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_columns_that_name_people_are_treated_and_not_just_stored(service: Service) -> None:
    forgotten = [
        f"{holding.table.name}.{column.name}"
        for holding in service.personal_data.holdings
        if holding.fate is Fate.PSEUDONYMISED
        for column in holding.table.columns
        if column.name in PERSONS or isinstance(column.type, Encrypted)
        if column.name not in {*holding.subjects, *holding.actors, *holding.blank}
    ]
    assert not forgotten


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_the_name_of_who_acted_goes_with_who_acted(service: Service) -> None:
    staying = [
        f"{holding.table.name}.{column.name}"
        for holding in holdings(service.personal_data)
        for column in holding.table.columns
        if column.name.endswith("_display") and column.name not in holding.displays.values()
    ]
    assert not staying


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_a_person_can_read_in_both_languages_what_each_file_and_column_is(
    service: Service,
) -> None:
    keys: set[str] = set()
    for holding in holdings(service.personal_data):
        keys |= {f"personal-{holding.category}", f"personal-{holding.category}-purpose"}
        keys |= {f"personal-kept-{holding.reason}"} if holding.reason else set()
        if holding.exported:
            columns = [column.name.replace("_", "-") for column in holding.shown]
            keys |= {f"personal-field-{name}" for name in columns}
    missing = sorted(key for key in keys if not has_text(service, key))
    assert not missing


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_each_reason_that_forbids_an_erasure_has_a_text(service: Service) -> None:
    source = resources.files(service.package).joinpath("personal.py")
    code = source.read_text("utf-8") if source.is_file() else ""
    holds = code.partition("def _holds")[2].partition("PERSONAL")[0]
    names = [name.lower().replace("_", "-") for name in _HOLD.findall(holds)]
    assert [n for n in names if not has_text(service, f"personal-hold-{n}")] == []
