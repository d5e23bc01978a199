"""Setting up, changing and taking out an elder's places."""

from __future__ import annotations

from dataclasses import replace

from xianban_sdk.errors import Aborted, FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.whereabouts import MOST_FENCES
from xianban_eldercare.handlers.geofence import begin_anew
from xianban_eldercare.repository import CareFiles, Scope
from xianban_eldercare.repository.fences import Fences
from xianban_eldercare.repository.whereabouts_rows import FenceRow

__all__ = ["add_fence", "change_fence", "remove_fence"]


def add_fence(wanted: FenceRow, *, scope: Scope, uow: UnitOfWork) -> FenceRow:
    """A new place, from the next fix on; only of an elder who has a file."""
    CareFiles(uow.conn, scope).get(wanted.resident, lock=True)
    fences = Fences(uow.conn, scope)
    if len(fences.of(wanted.resident)) >= MOST_FENCES:
        raise FailedPrecondition("FENCES_TOO_MANY", field="fence", most=MOST_FENCES)
    row = replace(wanted, id=uow.ids.new(), version=1, updated_at=uow.clock.now())
    fences.add(row)
    return row


def change_fence(wanted: FenceRow, seen: int, *, scope: Scope, uow: UnitOfWork) -> FenceRow:
    """Replaces what is said of it; who is outside is judged anew."""
    fences = Fences(uow.conn, scope)
    before = fences.get(wanted.resident, wanted.id)
    if seen not in (0, before.version):
        raise Aborted("FENCE_CHANGED", field="fence.version")
    row = replace(wanted, version=before.version + 1, updated_at=uow.clock.now())
    fences.save(row)
    begin_anew(row, uow=uow)
    return row


def remove_fence(resident: str, number: str, *, scope: Scope, uow: UnitOfWork) -> None:
    """An alert that stood for it alone is cleared."""
    fences = Fences(uow.conn, scope)
    row = fences.get(resident, number)
    begin_anew(row, uow=uow)
    fences.remove(row)
