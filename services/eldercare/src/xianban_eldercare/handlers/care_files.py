"""Opening and changing an elder's file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xianban_sdk.errors import NotFound
from xianban_sdk.repository import covers
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.care_files import CareLevel
from xianban_eldercare.handlers.versions import put
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.rows import CareFileRow

__all__ = ["WrittenFile", "write_care_file"]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What somebody writes into a file, and the version they saw."""

    file: CareFileRow
    seen: int


def write_care_file(written: WrittenFile, *, scope: Scope, uow: UnitOfWork) -> CareFileRow:
    """Opens the file, or replaces what it says; the care level stays as it was assessed."""
    new = replace(written.file, updated_at=uow.clock.now())
    files = CareFiles(uow.conn, scope)
    if CareFiles(uow.conn, MACHINE).find(new.resident) is None:
        if scope.areas and not covers(scope.areas, new.area):
            # Staff open files in their own areas; anything else answers as an absent elder.
            raise NotFound("CARE_FILE_NOT_FOUND", field="care_file.area")
        opened = replace(new, care_level=CareLevel.UNKNOWN.value)
        return put(files, opened, None, written.seen, "care_file")
    before = files.get(new.resident)
    changed = replace(
        new,
        care_level=before.care_level,
        level_assessed_at=before.level_assessed_at,
        level_due_at=before.level_due_at,
    )
    return put(files, changed, before, written.seen, "care_file")
