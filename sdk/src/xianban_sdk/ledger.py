"""Reading the book of disclosures: for the resident, for vendors, for the operator's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from xianban_sdk.storage.instant import Instant
from xianban_sdk.storage.tables import disclosure, disclosure_total

__all__ = ["Line", "Told", "Total", "lines", "told_of", "totals"]


@dataclass(frozen=True, slots=True)
class Told:
    """What one plugin was told of one person for one purpose."""

    plugin: str
    vendor: str
    purpose: str
    basis: str
    calls: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the vendors' ledger: people are counted, not named."""

    day: str
    plugin: str
    version: str
    purpose: str
    vendor: str
    basis: str
    people: int
    calls: int
    refused: int
    capability: str
    """What the ids of these calls' capabilities begin with."""


@dataclass(frozen=True, slots=True)
class Total:
    """What one plugin was told for one purpose since a day."""

    plugin: str
    vendor: str
    purpose: str
    basis: str
    people: int
    """On the day with the most."""
    calls: int
    refused: int
    """Calls that did not happen, for want of consent or of the purpose in its manifest."""
    last: datetime


def told_of(conn: Connection, subject: str) -> list[Told]:
    """What plugins were told of a person in three years, the latest first."""
    table = disclosure.c
    same = (table.plugin, table.vendor, table.purpose, table.basis)
    query = select(
        *same,
        func.sum(table.calls).label("calls"),
        func.min(table.first_at, type_=Instant()).label("first"),
        func.max(table.last_at, type_=Instant()).label("last"),
    )
    found = conn.execute(query.where(table.subject == subject).group_by(*same))
    told = [Told(**_counted(row)) for row in found.mappings()]
    return sorted(told, key=lambda one: one.last, reverse=True)


def lines(
    conn: Connection,
    *,
    plugin: str = "",
    vendor: str = "",
    since: date | None = None,
    until: date | None = None,
) -> list[Line]:
    """The ledger, the newest day first; narrowed where asked."""
    table = disclosure_total.c
    asked = _asked(plugin, vendor, since)
    if until is not None:
        asked.append(table.day <= until.isoformat())
    columns = [table[name] for name in Line.__slots__]
    query = select(*columns).where(*asked)
    found = conn.execute(query.order_by(table.day.desc(), *_same(), table.version))
    return [Line(**row) for row in found.mappings()]


def totals(
    conn: Connection, *, plugin: str = "", vendor: str = "", since: date | None = None
) -> list[Total]:
    """Per plugin and purpose."""
    table = disclosure_total.c
    counts = (func.sum(table[name]).label(name) for name in ("calls", "refused"))
    last = func.max(table.last_at, type_=Instant()).label("last")
    # A new version on the same day meets the same people.
    most = func.max(table.people).label("people")
    query = select(*_same(), most, *counts, last)
    query = query.where(*_asked(plugin, vendor, since)).group_by(*_same()).order_by(*_same())
    return [Total(**_counted(row)) for row in conn.execute(query).mappings()]


def _same() -> Iterable[ColumnElement[str]]:
    table = disclosure_total.c
    return (table.plugin, table.vendor, table.purpose, table.basis)


def _asked(plugin: str, vendor: str, since: date | None) -> list[ColumnElement[bool]]:
    table = disclosure_total.c
    asked: list[ColumnElement[bool]] = []
    if plugin:
        asked.append(table.plugin == plugin)
    if vendor:
        asked.append(table.vendor == vendor)
    if since is not None:
        asked.append(table.day >= since.isoformat())
    return asked


def _counted(row: Any) -> dict[str, Any]:
    """PostgreSQL sums whole numbers into decimals."""
    return {name: int(value) if name in _COUNTS else value for name, value in row.items()}


_COUNTS = frozenset({"calls", "people", "refused"})
