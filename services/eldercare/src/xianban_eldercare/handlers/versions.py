"""What somebody writes is new, or replaces the version that they saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, TypeVar

from xianban_sdk.errors import Aborted, AlreadyExists

from xianban_eldercare.repository.organisation_rows import BedRow, OrganisationRow, StaffRow
from xianban_eldercare.repository.rows import CareFileRow

__all__ = ["put"]

Row = TypeVar("Row", OrganisationRow, StaffRow, BedRow, CareFileRow)
Kept = TypeVar("Kept", OrganisationRow, StaffRow, BedRow, CareFileRow, contravariant=True)


class Book(Protocol[Kept]):
    """A repository of rows that somebody writes."""

    def add(self, row: Kept) -> bool: ...

    def save(self, row: Kept, *, seen: int) -> bool: ...


def put(book: Book[Row], wanted: Row, before: Row | None, seen: int, what: str) -> Row:
    """`seen` 0: nobody has written it yet, or it is refused; a form for a new one changes none."""
    if seen == 0:
        made = replace(wanted, version=1)
        if before is not None or not book.add(made):
            raise AlreadyExists(f"{what.upper()}_EXISTS", field=f"{what}.name")
        return made
    after = replace(wanted, version=seen + 1)
    if before is None or before.version != seen or not book.save(after, seen=seen):
        raise Aborted(f"{what.upper()}_CHANGED", field=f"{what}.version")
    return after
