"""What parking tells the others, after commit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from xianban.common.v1 import messages_pb2
from xianban.parking.v1 import events_pb2
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import stamp

from xianban_parking.repository.rows import (
    PaymentRow,
    PermitRow,
    ReceiptRow,
    ReservationRow,
    SessionRow,
)

if TYPE_CHECKING:
    from xianban_parking.handlers.views import OccupancyView

__all__ = [
    "day_and_time",
    "message",
    "occupancy_changed",
    "payment_captured",
    "payment_refunded",
    "permit_issued",
    "receipt_issued",
    "reservation_confirmed",
    "reservation_ended",
    "session_closed",
    "session_opened",
    "stamp",
    "yuan",
]


def occupancy_changed(lot: str, view: OccupancyView) -> events_pb2.OccupancyChanged:
    event = events_pb2.OccupancyChanged(
        lot=f"lots/{lot}", capacity=view.capacity, source=view.source, verdict=str(view.verdict)
    )
    if view.free is not None:
        event.free = view.free
    if view.observed_at is not None:
        event.observe_time.CopyFrom(stamp(view.observed_at))
    return event


def reservation_confirmed(row: ReservationRow) -> events_pb2.ReservationConfirmed:
    return events_pb2.ReservationConfirmed(
        reservation=row.id,
        resident=row.resident,
        lot=f"lots/{row.lot}",
        start_time=stamp(row.start_at),
        end_time=stamp(row.end_at),
        actor=row.actor if row.actor != row.resident else "",
    )


def reservation_ended(row: ReservationRow, outcome: str) -> events_pb2.ReservationEnded:
    return events_pb2.ReservationEnded(
        reservation=row.id, resident=row.resident, lot=f"lots/{row.lot}", outcome=outcome
    )


def session_opened(row: SessionRow) -> events_pb2.SessionOpened:
    event = events_pb2.SessionOpened(session=row.id, lot=f"lots/{row.lot}", resident=row.resident)
    if row.entered_at is not None:
        event.enter_time.CopyFrom(stamp(row.entered_at))
    return event


def session_closed(row: SessionRow, total_fen: int) -> events_pb2.SessionClosed:
    event = events_pb2.SessionClosed(
        session=row.id, lot=f"lots/{row.lot}", resident=row.resident, total_fen=total_fen
    )
    ended = row.left_at or row.ended_by
    if ended is not None:
        event.exit_time.CopyFrom(stamp(ended))
    return event


def payment_captured(row: PaymentRow) -> events_pb2.PaymentCaptured:
    return events_pb2.PaymentCaptured(
        payment=row.id,
        payable=f"{row.payable_kind}s/{row.payable}",
        resident=row.resident,
        amount_fen=row.amount_fen,
    )


def payment_refunded(row: PaymentRow, amount_fen: int) -> events_pb2.PaymentRefunded:
    return events_pb2.PaymentRefunded(payment=row.id, resident=row.resident, amount_fen=amount_fen)


def receipt_issued(row: ReceiptRow) -> events_pb2.ReceiptIssued:
    return events_pb2.ReceiptIssued(
        receipt=row.id, resident=row.resident, number=row.number, total_fen=row.total_fen
    )


def permit_issued(row: PermitRow) -> events_pb2.PermitIssued:
    return events_pb2.PermitIssued(
        permit=row.id, resident=row.resident, lot=f"lots/{row.lot}", end_time=stamp(row.end_at)
    )


def message(
    uow: UnitOfWork, resident: str, template: str, link: str, key: str, **params: str
) -> None:
    """Asks notify to tell a resident; the text is the template's, in their language."""
    if not resident:
        return
    asked = messages_pb2.MessageRequested(
        recipient=resident,
        template=f"parking-{template}",
        params=params,
        link=link,
        dedupe_key=f"parking-{template}:{key}",
        subject=resident,
    )
    uow.emit(asked, aggregate=f"residents/{resident}")


def yuan(fen: int) -> str:
    """1250 → 12.50, without a float of money."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def day_and_time(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
