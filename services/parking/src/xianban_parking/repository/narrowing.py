"""What a caller may see of parking: own rows, or those of lots within the areas of a staff role."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, select, true
from xianban_sdk import repository
from xianban_sdk.repository import PUBLIC, MachineScope, Page, Scope, page_of

from xianban_parking.repository.tables import lot

__all__ = ["MACHINE", "PUBLIC", "Page", "Repository", "Scope", "page_of", "within"]

MACHINE: Final = MachineScope("parking")


class Repository(repository.Repository):
    """Rows of one connection, narrowed to what a scope may see."""

    def in_areas(self, lot_id: Column[Any]) -> ColumnElement[bool]:
        """Rows of lots within the areas of the caller's staff roles."""
        if self.unrestricted:
            return true()
        return lot_id.in_(select(lot.c.id).where(within(self.scope.areas)))

    def visible(self, resident: Column[Any], lot_id: Column[Any]) -> ColumnElement[bool]:
        """The subject's own rows, or, where no subject is named, those of the caller's areas."""
        if self.scope.subject is not None:
            return self.own(resident)
        return self.in_areas(lot_id)


def within(areas: tuple[str, ...]) -> ColumnElement[bool]:
    """Lots whose area lies under one of the paths."""
    return repository.within(areas, lot.c.area)
