"""Beds: held for a while, moved into, left, closed.

For other capabilities (referrals): `hold_bed` and `release_bed` are called within their own unit
of work and with their caller's scope, or `MACHINE`; what became of a hold comes as `BedChanged`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.exc import IntegrityError
from xianban_sdk.errors import Aborted, FailedPrecondition, NotFound
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer, cancel, schedule

from xianban_eldercare.domain.beds import LONGEST_HOLD, Bed, BedState
from xianban_eldercare.errors import refusals
from xianban_eldercare.events import bed_changed
from xianban_eldercare.handlers.versions import put
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.beds import Beds
from xianban_eldercare.repository.organisation_rows import BedRow
from xianban_eldercare.repository.organisations import Organisations

__all__ = [
    "HOLD_OVER",
    "close_bed",
    "hold_bed",
    "keep_bed",
    "occupy_bed",
    "on_hold_over",
    "open_bed",
    "release_bed",
    "vacate_bed",
    "write_bed",
]

# The timer's kind; its key is "{organisation}/{bed}".
HOLD_OVER: Final = "bed-hold-over"

Key = tuple[str, str]


def write_bed(wanted: BedRow, seen: int, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    """Enters a free bed, or changes room and kind."""
    Organisations(uow.conn, scope).own_one(wanted.organisation, field="bed.name")
    beds = Beds(uow.conn, scope)
    before = beds.find(wanted.organisation, wanted.id, locked=True)
    new = replace(wanted, state=BedState.FREE.value)
    changed = replace(before, room=wanted.room, kind=wanted.kind) if before else new
    if changed.resident is not None:
        # The answer says who lies there, or for whom it is kept.
        uow.audit("UpdateBed", changed.resident, basis=f"organisations/{changed.organisation}")
    return put(beds, changed, before, seen, "bed")


def hold_bed(key: Key, resident: str, until: datetime, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    """Keeps a free bed for an elder until an instant, when it is free again by itself.

    Held for the same elder already: the time is moved. Raises BED_HELD, BED_OCCUPIED, BED_CLOSED
    (failed precondition), HOLD_TIME, or NotFound.
    """
    _known(resident, scope, uow)
    held = _moved(key, lambda bed: bed.held(resident, until, uow.clock.now()), scope, uow)
    schedule(uow.conn, Timer(HOLD_OVER, "/".join(key), until))
    return held


def release_bed(key: Key, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    """Gives a held bed back; raises BED_FREE and the like of one that is not held."""
    released = _moved(key, lambda bed: bed.released(), scope, uow)
    cancel(uow.conn, HOLD_OVER, "/".join(key))
    return released


def occupy_bed(key: Key, resident: str, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    """The elder moves in; nobody lies in two beds."""
    _known(resident, scope, uow)
    if Beds(uow.conn, MACHINE).lies_elsewhere(resident, *key):
        raise FailedPrecondition("RESIDENT_HAS_A_BED", field="resident")
    try:
        occupied = _moved(key, lambda bed: bed.occupied(resident), scope, uow)
    except IntegrityError as error:  # Two beds at the same instant: the index says who was second.
        raise FailedPrecondition("RESIDENT_HAS_A_BED", field="resident") from error
    cancel(uow.conn, HOLD_OVER, "/".join(key))
    return occupied


def keep_bed(key: Key, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    """Whoever lies in it leaves for another place, and has it for a month to come back to."""
    until = uow.clock.now() + LONGEST_HOLD
    kept = _moved(key, lambda bed: bed.kept(until), scope, uow)
    schedule(uow.conn, Timer(HOLD_OVER, "/".join(key), until))
    return kept


def vacate_bed(key: Key, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    return _moved(key, lambda bed: bed.vacated(), scope, uow)


def close_bed(key: Key, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    return _moved(key, lambda bed: bed.closed(), scope, uow)


def open_bed(key: Key, *, scope: Scope, uow: UnitOfWork) -> BedRow:
    return _moved(key, lambda bed: bed.opened(), scope, uow)


def on_hold_over(timer: Timer, *, uow: UnitOfWork) -> None:
    """The hold's time is over, unless it was moved or the bed went on meanwhile."""
    organisation, _, bed_id = timer.key.partition("/")
    row = Beds(uow.conn, MACHINE).find(organisation, bed_id, locked=True)
    if row is None or row.state != BedState.HELD or row.hold_until is None:
        return
    if row.hold_until <= uow.clock.now():
        _moved((organisation, bed_id), lambda bed: bed.released(), MACHINE, uow, lapsed=True)


def _known(resident: str, scope: Scope, uow: UnitOfWork) -> None:
    """An elder of the caller's areas; anybody else answers as an absent one."""
    file = CareFiles(uow.conn, MACHINE).find(resident)
    if file is None or not Organisations(uow.conn, scope).answers_for(file.area):
        raise NotFound("CARE_FILE_NOT_FOUND", field="resident")


def _moved(
    key: Key, step: Callable[[Bed], Bed], scope: Scope, uow: UnitOfWork, *, lapsed: bool = False
) -> BedRow:
    beds = Beds(uow.conn, scope)
    before = beds.get(*key, locked=True)
    with refusals():
        bed = step(Bed(BedState(before.state), before.resident, before.hold_until))
    after = replace(
        before,
        state=bed.state.value,
        resident=bed.resident,
        hold_until=bed.hold_until,
        version=before.version + 1,
    )
    if not beds.save(after, seen=before.version):
        raise Aborted("BED_CHANGED", field="name")
    whose = after.resident or before.resident
    if whose is not None:
        uow.audit("ChangeBed", whose, basis=f"{before.state} → {after.state}")
    changed = bed_changed(before, after, beds.free(after.organisation), lapsed=lapsed)
    uow.emit(changed, aggregate=changed.bed)
    return after
