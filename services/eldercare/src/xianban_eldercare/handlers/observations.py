"""What people see of an elder and no device measures, and by which scale their oxygen counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from xianban.common.v1 import readings_pb2
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.readings import Ingest, Reading, Readings, Silence
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.storage.instant import to_micros

from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.repository import CareFiles, Scope
from xianban_eldercare.repository.oxygen_scales import OxygenScales
from xianban_eldercare.repository.rows import OxygenScaleRow
from xianban_eldercare.vitals import KINDS, OBSERVED

__all__ = ["choose_scale", "latest", "observed", "take"]

_LATEST: Final = timedelta(hours=1)
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
_SCALE_2: Final = 2


def observed(
    resident: str, kind: str, present: bool, at: datetime | None, now: datetime
) -> readings_pb2.RawReading:
    """As a reading like any other: it has its verdict, and grows old."""
    if at is not None and not now - _LATEST <= at <= now + _CLOCKS_DIFFER:
        raise InvalidArgument("OBSERVATION_NOT_RECENT", field="observe_time")
    return readings_pb2.RawReading(
        device=OBSERVED,
        subject=subject_of(resident),
        kind=kind,
        value=float(present),
        unit=KINDS[kind].unit,
        observe_micros=to_micros(min(at or now, now)),
        receive_micros=to_micros(now),
    )


def take(told: readings_pb2.RawReading, *, ingest: Ingest, uow: UnitOfWork) -> None:
    """A second word of the same instant changes nothing."""
    taken = ingest.take([told], uow)
    for one in taken.rejections:
        raise InvalidArgument(one.reason, field=one.field)


def latest(resident: str, kind: str, *, scope: Scope, uow: UnitOfWork) -> Reading | Silence:
    """What was written down last."""
    known = Readings(uow.conn, scope, KINDS).latest(subject_of(resident))
    mine = [one for one in known if one.kind.code == kind]
    return max(mine, key=lambda one: one.observed_at, default=Silence(KINDS[kind]))


def choose_scale(row: OxygenScaleRow, *, scope: Scope, uow: UnitOfWork) -> OxygenScaleRow:
    """A wrong scale 2 hides lack of oxygen: it is never chosen without saying why."""
    CareFiles(uow.conn, scope).get(row.resident)
    if row.scale == _SCALE_2 and not row.reason.strip():
        raise InvalidArgument("SCALE_REASON_NEEDED", field="oxygen_scale.reason")
    OxygenScales(uow.conn, scope).put(row)
    return row
