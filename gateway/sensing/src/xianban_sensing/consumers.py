"""What sensing does on hearing of events."""

from __future__ import annotations

from datetime import UTC

from xianban.common.v1 import hand_overs_pb2, readings_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_sensing import handlers

__all__ = ["on_device_command_requested", "on_device_hand_over_requested"]


@consumer("*.v1.device_command_requested")
def on_device_command_requested(
    event: readings_pb2.DeviceCommandRequested, *, uow: UnitOfWork, meta: Event
) -> None:
    """The newest word for a wearer waits for the uplink to send it down."""
    until = event.expire_time.ToDatetime(UTC) if event.HasField("expire_time") else None
    wish = handlers.Wish(event.device, event.key, event.command, event.text, until)
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
