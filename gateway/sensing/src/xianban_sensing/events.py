"""What the registry tells the others, after commit."""

from __future__ import annotations

from collections.abc import Iterable

from xianban.common.v1 import hand_overs_pb2, readings_pb2
from xianban_sdk.storage import UnitOfWork

from xianban_sensing.domain.devices import Device
from xianban_sensing.plugins import Models

__all__ = ["tell_bound", "tell_handed_over", "tell_unbound"]


def tell_bound(device: Device, models: Models, uow: UnitOfWork) -> None:
    """The domain that takes the readings begins to expect them."""
    told = readings_pb2.DeviceBound(
        device=device.id, subject=device.subject, domain=device.domain, model=device.model
    )
    model = models.get(device.model)
    if model is not None:
        told.has_display = model.adapter.has_display
        for promise in model.adapter.promises:
            told.promises.add(
                kind=promise.kind, unit=promise.unit, cadence_seconds=promise.cadence_seconds
            )
    told.bind_time.FromDatetime(device.bound_at or uow.clock.now())
    uow.emit(told, aggregate=f"devices/{device.id}")


def tell_unbound(device: Device, uow: UnitOfWork) -> None:
    """The domain expects nothing of it any more."""
    told = readings_pb2.DeviceUnbound(
        device=device.id, subject=device.subject, domain=device.domain
    )
    told.unbind_time.FromDatetime(uow.clock.now())
    uow.emit(told, aggregate=f"devices/{device.id}")


def tell_handed_over(
    subject: str, request_id: str, before: Iterable[Device], uow: UnitOfWork
) -> None:
    """Whoever asked goes on."""
    keeping = [
        hand_overs_pb2.DeviceKeeping(device=one.id, organisation=one.organisation, area=one.area)
        for one in before
    ]
    told = hand_overs_pb2.DevicesHandedOver(subject=subject, request_id=request_id, before=keeping)
    uow.emit(told, aggregate=subject)
