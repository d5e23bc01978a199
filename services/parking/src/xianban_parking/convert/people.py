"""Residents' things as messages: vehicles, reservations, stays, payments, receipts, permits."""

from __future__ import annotations

from typing import Any

from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.wire import put

from xianban_parking.convert.texts import name_in, quote
from xianban_parking.errors import TEXT_PACKAGE
from xianban_parking.handlers.permits import plates_of
from xianban_parking.handlers.plates import masked
from xianban_parking.repository.rows import (
    LotRow,
    PaymentRow,
    PermitRow,
    ReceiptRow,
    ReservationRow,
    SessionRow,
    VehicleRow,
)

__all__ = [
    "PERMIT_KINDS",
    "VEHICLE_KINDS",
    "arrear",
    "dispute",
    "lot_payment",
    "payment",
    "payment_for_operator",
    "permit",
    "receipt",
    "reservation",
    "session",
    "session_for_operator",
    "tail",
    "vehicle",
]

VEHICLE_KINDS = {
    pb.VEHICLE_KIND_UNSPECIFIED: "",
    pb.VEHICLE_KIND_CAR: "car",
    pb.VEHICLE_KIND_ELECTRIC: "new_energy",
    pb.VEHICLE_KIND_LARGE: "large",
    pb.VEHICLE_KIND_MOTORCYCLE: "motorcycle",
}
KINDS_BACK = {text: kind for kind, text in VEHICLE_KINDS.items()}
PERMIT_KINDS = {
    pb.PERMIT_KIND_RESIDENT: "resident",
    pb.PERMIT_KIND_CARER: "carer",
    pb.PERMIT_KIND_DISABLED: "disabled",
    pb.PERMIT_KIND_COMPANY: "company",
}
PERMITS_BACK = {text: kind for kind, text in PERMIT_KINDS.items()}
RESERVATION_STATES = {
    "confirmed": pb.RESERVATION_STATE_CONFIRMED,
    "used": pb.RESERVATION_STATE_USED,
    "cancelled": pb.RESERVATION_STATE_CANCELLED,
    "no_show": pb.RESERVATION_STATE_NO_SHOW,
    "overstayed": pb.RESERVATION_STATE_OVERSTAYED,
    "substituted": pb.RESERVATION_STATE_SUBSTITUTED,
    "completed": pb.RESERVATION_STATE_COMPLETED,
}
SESSION_STATES = {
    "open": pb.SESSION_STATE_OPEN,
    "closed": pb.SESSION_STATE_CLOSED,
    "exit_missing": pb.SESSION_STATE_EXIT_MISSING,
    "entry_missing": pb.SESSION_STATE_ENTRY_MISSING,
}
PAYMENT_STATES = {
    "quoted": pb.PAYMENT_STATE_PENDING,
    "authorised": pb.PAYMENT_STATE_AUTHORISED,
    "captured": pb.PAYMENT_STATE_CAPTURED,
    "partially_refunded": pb.PAYMENT_STATE_PARTLY_REFUNDED,
    "refunded": pb.PAYMENT_STATE_REFUNDED,
    "failed": pb.PAYMENT_STATE_FAILED,
    "expired": pb.PAYMENT_STATE_EXPIRED,
}
PERMIT_STATES = {
    "pending_payment": pb.PERMIT_STATE_PENDING_PAYMENT,
    "active": pb.PERMIT_STATE_ACTIVE,
    "cancelled": pb.PERMIT_STATE_CANCELLED,
    "expired": pb.PERMIT_STATE_EXPIRED,
}
# What operators see instead of the resident.
NOBODY = "residents/-"


def tail(name: str) -> str:
    """The last part of a resource name."""
    return name.rsplit("/", 1)[1]


def vehicle(row: VehicleRow) -> pb.Vehicle:
    made = pb.Vehicle(
        name=f"residents/{row.resident}/vehicles/{row.id}",
        plate=row.plate or "",
        kind=KINDS_BACK.get(row.kind, pb.VEHICLE_KIND_CAR),
    )
    put(made.create_time, row.created_at)
    return made


def reservation(row: ReservationRow, lot: LotRow | None, locale: str) -> pb.Reservation:
    parent = f"residents/{row.resident}/reservations"
    made = pb.Reservation(
        name=f"{parent}/{row.id}",
        lot=f"lots/{row.lot}",
        lot_display=name_in(lot.names, locale) if lot else row.lot,
        plate=row.plate or "",
        state=RESERVATION_STATES[row.state],
        gate_token=row.gate_token or "",
        substitute=f"{parent}/{row.substitute}" if row.substitute else "",
        accessible=row.accessible,
        ev_charging=row.ev_charging,
        quote=quote(row.quote, locale),
    )
    put(made.start_time, row.start_at)
    put(made.end_time, row.end_at)
    put(made.hold_until, row.hold_until)
    put(made.create_time, row.created_at)
    return made


def session(
    row: SessionRow, lot: LotRow | None, fee: dict[str, Any], due_fen: int, locale: str
) -> pb.Session:
    made = _stay(row, lot, fee, due_fen, locale)
    owner = f"residents/{row.resident}"
    made.name = f"{owner}/sessions/{row.id}"
    made.plate = row.plate or ""
    if row.reservation:
        made.reservation = f"{owner}/reservations/{row.reservation}"
    return made


def session_for_operator(
    row: SessionRow, lot: LotRow | None, fee: dict[str, Any], due_fen: int, locale: str
) -> pb.Session:
    """The same stay without the person, the plate masked."""
    made = _stay(row, lot, fee, due_fen, locale)
    made.name = f"{NOBODY}/sessions/{row.id}"
    made.plate = masked(row.plate)
    return made


def _stay(
    row: SessionRow, lot: LotRow | None, fee: dict[str, Any], due_fen: int, locale: str
) -> pb.Session:
    made = pb.Session(
        lot=f"lots/{row.lot}",
        lot_display=name_in(lot.names, locale) if lot else row.lot,
        state=pb.SESSION_STATE_DISPUTED if row.disputed else SESSION_STATES[row.status],
        quote=quote(fee, locale),
        due_fen=due_fen,
        paid_fen=row.paid_fen,
        dispute_reason=row.dispute_reason or "",
    )
    put(made.enter_time, row.entered_at)
    put(made.exit_time, row.left_at or row.ended_by)
    if row.charged_fen is None:
        put(made.leave_by, row.paid_until)
    return made


def payment(row: PaymentRow, locale: str) -> pb.Payment:
    owner = f"residents/{row.resident}"
    made = pb.Payment(
        name=f"{owner}/payments/{row.id}",
        payable=f"{owner}/{row.payable_kind}s/{row.payable}",
        amount_fen=row.amount_fen,
        refunded_fen=row.refunded_fen,
        state=PAYMENT_STATES[row.state],
        provider=row.provider,
        failure=_failure(row.failure, locale),
        receipt=f"{owner}/receipts/{row.receipt}" if row.receipt else "",
    )
    if row.state in ("quoted", "authorised"):
        made.pay_url = row.pay_url or ""
        put(made.expire_time, row.expire_at)
    put(made.create_time, row.created_at)
    put(made.capture_time, row.captured_at)
    return made


def payment_for_operator(row: PaymentRow, locale: str) -> pb.Payment:
    """No person, no link to pay by."""
    made = payment(row, locale)
    made.name = f"{NOBODY}/payments/{row.id}"
    made.payable = f"{NOBODY}/{row.payable_kind}s/{row.payable}"
    made.receipt = f"{NOBODY}/receipts/{row.receipt}" if row.receipt else ""
    made.pay_url = ""
    return made


def _failure(reason: str, locale: str) -> str:
    if not reason:
        return ""
    key = f"payment-failure-{reason.lower().replace('_', '-')}"
    found = i18n.text(key, locale, TEXT_PACKAGE)
    return i18n.text("payment-failure", locale, TEXT_PACKAGE) if found == key else found


def receipt(row: ReceiptRow, locale: str) -> pb.Receipt:
    owner = f"residents/{row.resident}"
    made = pb.Receipt(
        name=f"{owner}/receipts/{row.id}",
        number=row.number,
        payment=f"{owner}/payments/{row.payment}",
        title=row.title,
        operator=row.operator,
        plate=row.plate or "",
        lines=quote(row.quote, locale).lines,
        total_fen=row.total_fen,
    )
    put(made.issue_time, row.issued_at)
    return made


def permit(row: PermitRow, locale: str) -> pb.Permit:
    made = pb.Permit(
        name=f"residents/{row.resident}/permits/{row.id}",
        kind=PERMITS_BACK[row.kind],
        lot=f"lots/{row.lot}",
        plates=plates_of(row),
        state=PERMIT_STATES[row.state],
        quote=quote(row.quote, locale),
        refunded_fen=row.refunded_fen,
    )
    put(made.start_time, row.start_at)
    put(made.end_time, row.end_at)
    return made


def arrear(row: SessionRow) -> op.Arrear:
    made = op.Arrear(
        session=row.id,
        lot=f"lots/{row.lot}",
        plate_masked=masked(row.plate),
        due_fen=row.due_fen,
    )
    put(made.exit_time, row.left_at or row.ended_by)
    return made


def dispute(row: SessionRow) -> op.Dispute:
    made = op.Dispute(
        session=row.id,
        lot=f"lots/{row.lot}",
        plate_masked=masked(row.plate),
        reason=row.dispute_reason or "",
        due_fen=row.due_fen,
    )
    put(made.enter_time, row.entered_at)
    put(made.exit_time, row.left_at or row.ended_by)
    put(made.open_time, row.disputed_at)
    return made


def lot_payment(row: PaymentRow, receipt_number: str, plate: str | None) -> op.LotPayment:
    made = op.LotPayment(
        payment=row.id,
        plate_masked=masked(plate),
        amount_fen=row.amount_fen,
        refunded_fen=row.refunded_fen,
        state=PAYMENT_STATES[row.state],
        receipt_number=receipt_number,
    )
    put(made.create_time, row.created_at)
    return made
