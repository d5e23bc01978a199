"""What parking does on hearing of events, its own included."""

from __future__ import annotations

from datetime import UTC

from xianban.parking.v1 import events_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_parking.handlers.substitution import move_away

__all__ = ["CONSUMERS", "on_lot_overridden"]


@consumer("parking.v1.lot_overridden")
def on_lot_overridden(event: events_pb2.LotOverridden, *, uow: UnitOfWork, meta: Event) -> None:
    """A lot declared full: whoever comes meanwhile is given a place nearby."""
    if event.free == 0:
        move_away(event.lot.split("/")[1], event.end_time.ToDatetime(UTC), uow=uow)


CONSUMERS = [on_lot_overridden]
