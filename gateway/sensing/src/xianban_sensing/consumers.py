"""What sensing does on hearing of events."""

from __future__ import annotations

from datetime import UTC

from xianban.common.v1 import readings_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_sensing import handlers

__all__ = ["on_device_command_requested"]


@consumer("*.v1.device_command_requested")
def on_device_command_requested(
    event: readings_pb2.DeviceCommandRequested, *, uow: UnitOfWork, meta: Event
) -> None:
    """The newest word for a wearer waits for the uplink to send it down."""
    until = event.expire_time.ToDatetime(UTC) if event.HasField("expire_time") else None
    wish = handlers.Wish(event.device, event.key, event.command, event.text, until)
    handlers.command(wish, uow=uow)
