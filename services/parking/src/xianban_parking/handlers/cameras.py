"""Which cameras are heard at a car park, and by what right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from xianban_sdk.errors import FailedPrecondition, InvalidArgument
from xianban_sdk.storage import UnitOfWork

from xianban_parking.hookspecs import Sight
from xianban_parking.repository import MACHINE, Cameras, Lots, Scope
from xianban_parking.repository.cameras import CameraRow

__all__ = ["NewCamera", "register_camera", "retire_camera"]

# An authority is looked at again at least so often.
LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera and the authority it rests on, as the operator writes it."""

    id: str
    lot: str
    place: str
    authority: str
    basis: str
    purpose: str
    sights: tuple[Sight, ...]
    retention_days: int
    end: datetime


def register_camera(new: NewCamera, *, scope: Scope, uow: UnitOfWork) -> CameraRow:
    """From now on its events are heard; a camera known already gets a new record."""
    lot = Lots(uow.conn, scope).managed(new.lot, locked=True)
    now = uow.clock.now()
    if new.end <= now:
        raise InvalidArgument("CAMERA_END_IN_THE_PAST", field="end_time")
    if new.end - now > LONGEST:
        raise InvalidArgument("CAMERA_END_TOO_FAR", field="end_time", years=3)
    known = Cameras(uow.conn, MACHINE).find(new.id)
    if known is not None and known.lot != lot.id:
        raise FailedPrecondition("CAMERA_REGISTERED_ELSEWHERE", field="camera")
    row = CameraRow(
        id=new.id,
        lot=lot.id,
        place=new.place,
        authority=new.authority,
        basis=new.basis,
        purpose=new.purpose,
        sights=sorted(str(sight) for sight in new.sights),
        retention_days=new.retention_days,
        end_at=new.end,
        created_at=known.created_at if known else now,
        last_event_at=known.last_event_at if known else None,
    )
    Cameras(uow.conn, scope).put({name: getattr(row, name) for name in CameraRow.__slots__})
    told = f"cameras/{row.id} lots/{lot.id}: {row.authority}; {row.basis}"
    uow.audit("RegisterCamera", "", basis=told[:200])
    return row


def retire_camera(camera_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> CameraRow:
    """Its events are refused; what it saw last holds no incident open any more."""
    row = Cameras(uow.conn, scope).get(camera_id)
    Lots(uow.conn, MACHINE).locked(row.lot)
    Cameras(uow.conn, scope).remove(row.id)
    uow.audit("RetireCamera", "", basis=f"cameras/{row.id}: {reason}"[:200])
    return row
