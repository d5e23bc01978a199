"""What sensing does on hearing of events."""

from __future__ import annotations

from datetime import UTC

from xianban.common.v1 import hand_overs_pb2, readings_pb2
from xianban.parking.v1 import events_pb2 as parking_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_sensing.domain.car_parks import Count
from xianban_sensing.handlers import devices as handlers
from xianban_sensing.handlers.own_entities import counted

__all__ = [
    "on_device_command_requested",
    "on_device_hand_over_requested",
    "on_occupancy_changed",
]


@consumer("*.v1.device_command_requested")
def on_device_command_requested(
    event: readings_pb2.DeviceCommandRequested, *, uow: UnitOfWork, meta: Event
) -> None:
    """The newest word for a wearer waits for the uplink to send it down."""
    until = event.expire_time.ToDatetime(UTC) if event.HasField("expire_time") else None
    wish = handlers.Wish(event.device, event.key, event.command, event.text, until, event.event)
    handlers.command(wish, uow=uow)


@consumer("*.v1.device_hand_over_requested")
def on_device_hand_over_requested(
    event: hand_overs_pb2.DeviceHandOverRequested, *, uow: UnitOfWork, meta: Event
) -> None:
    """Somebody moves, and their devices with them."""
    keeping = {one.device: (one.organisation, one.area) for one in event.keeping}
    to = (event.organisation, event.area)
    wanted = handlers.HandOver(event.subject, event.request_id, to, event.back, keeping)
    handlers.hand_over(wanted, uow=uow)


@consumer("parking.v1.occupancy_changed")
def on_occupancy_changed(
    event: parking_pb2.OccupancyChanged, *, uow: UnitOfWork, meta: Event
) -> None:
    """The car park's entity tells the newest count, or that there is none to trust."""
    told = Count(
        free=event.free if event.HasField("free") else None,
        capacity=event.capacity,
        verdict=event.verdict,
        counted_at=event.observe_time.ToDatetime(UTC) if event.HasField("observe_time") else None,
    )
    counted(event.lot, told, uow=uow)
