"""Cameras ⇄ protobuf."""

from __future__ import annotations

from xianban.parking.v1 import cameras_pb2 as pb
from xianban_sdk.wire import instant, put

from xianban_parking.convert.lots import lot_id
from xianban_parking.handlers.cameras import NewCamera
from xianban_parking.hookspecs import Sight
from xianban_parking.repository.cameras import CameraRow
from xianban_parking.repository.rows import LotRow

__all__ = ["camera", "new_camera"]

_SIGHTS = {pb.Sight.Value(f"SIGHT_{sight.name}"): sight for sight in Sight}
_NUMBERS = {str(sight): number for number, sight in _SIGHTS.items()}


def new_camera(request: pb.RegisterCameraRequest) -> NewCamera:
    return NewCamera(
        id=request.camera,
        lot=lot_id(request.lot),
        place=request.place,
        authority=request.authority,
        basis=request.basis,
        purpose=request.purpose,
        sights=tuple(_SIGHTS[number] for number in request.sights),
        retention_days=request.retention_days,
        end=instant(request.end_time),
    )


def camera(row: CameraRow, lot: LotRow | None, locale: str) -> pb.Camera:
    names = lot.names if lot else {}
    made = pb.Camera(
        name=f"cameras/{row.id}",
        lot=f"lots/{row.lot}",
        lot_display_name=names.get(locale) or next(iter(names.values()), row.lot),
        place=row.place,
        authority=row.authority,
        basis=row.basis,
        purpose=row.purpose,
        sights=[_NUMBERS[sight] for sight in row.sights],
        retention_days=row.retention_days,
    )
    put(made.end_time, row.end_at)
    put(made.create_time, row.created_at)
    if row.last_event_at is not None:
        put(made.last_event_time, row.last_event_at)
    return made
