"""What a caller may see of an elder: their own, or those of a staff role's areas."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, select, true
from xianban_sdk import repository
from xianban_sdk.repository import MachineScope, Page, Scope, page_of, within

from xianban_eldercare.repository.organisation_tables import organisation
from xianban_eldercare.repository.tables import care_file

__all__ = ["MACHINE", "Page", "Repository", "Scope", "page_of"]

MACHINE: Final = MachineScope("eldercare")


class Repository(repository.Repository):
    """Rows of one connection, narrowed to what a scope may see."""

    def in_areas(self, resident: Column[Any]) -> ColumnElement[bool]:
        """Rows of elders who live within the areas of the caller's staff roles."""
        if self.unrestricted:
            return true()
        elders = select(care_file.c.resident).where(within(self.scope.areas, care_file.c.area))
        return resident.in_(elders)

    def in_own_organisations(self, organisation_id: Column[Any]) -> ColumnElement[bool]:
        """Rows of organisations within the areas of the caller's staff roles."""
        if self.unrestricted:
            return true()
        own = select(organisation.c.id).where(within(self.scope.areas, organisation.c.area))
        return organisation_id.in_(own)

    def visible(self, resident: Column[Any]) -> ColumnElement[bool]:
        """The elder the call is about; for staff only one who lives in their areas."""
        if self.scope.subject is None:
            return self.in_areas(resident)
        return (
            self.own(resident) & self.in_areas(resident) if self.scope.areas else self.own(resident)
        )
