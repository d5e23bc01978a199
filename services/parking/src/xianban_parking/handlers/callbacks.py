"""What a payment provider tells, applied once: money, ledger, receipt and messages together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from xianban_sdk.clock import SHANGHAI
from xianban_sdk.errors import InvalidArgument, PermissionDenied, Unavailable
from xianban_sdk.plugins import STRANGER, Hooks
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain import payments as domain
from xianban_parking.domain.ledger import Posting, charge_posting
from xianban_parking.domain.payments import Callback, CallbackKind, PaymentStatus
from xianban_parking.errors import refusals
from xianban_parking.events import (
    message,
    payment_captured,
    permit_issued,
    receipt_issued,
    yuan,
)
from xianban_parking.handlers.ledgers import post
from xianban_parking.handlers.payments import EXPIRY, Provider, to_domain
from xianban_parking.handlers.permits import EXPIRY as PERMIT_EXPIRY
from xianban_parking.handlers.pricing import kept
from xianban_parking.handlers.refunds import ask_refund, give_back, settle_refund
from xianban_parking.hookspecs import CallbackOutcome
from xianban_parking.repository import (
    MACHINE,
    Lots,
    Payments,
    Permits,
    Receipts,
    Refunds,
    Sessions,
)
from xianban_parking.repository.rows import PaymentRow, ReceiptRow, columns
from xianban_parking.settings import rules

__all__ = ["read_callback", "take_callback"]


def read_callback(
    provider: Provider, body: bytes, headers: Mapping[str, str], hooks: Hooks
) -> CallbackOutcome:
    """The provider's plugin reads and proves the message, outside of any transaction."""
    result = hooks.run(
        provider.plugin,
        "payment.callback",
        lambda: provider.provider.callback(body, headers),
        about=STRANGER,
    )
    if isinstance(result.error, PermissionError):
        raise PermissionDenied("SIGNATURE_INVALID", field="body")
    if isinstance(result.error, ValueError | KeyError):
        raise InvalidArgument("CALLBACK_MALFORMED", field="body")
    if not isinstance(result.value, CallbackOutcome):
        raise Unavailable("PAYMENT_PROVIDER_UNAVAILABLE", provider=provider.provider.id)
    return result.value


def take_callback(provider: str, told: CallbackOutcome, *, uow: UnitOfWork) -> None:
    """Applies a callback; the same one again changes nothing."""
    payments = Payments(uow.conn, MACHINE)
    if not payments.keep_callback(_callback_row(provider, told, uow)):
        return
    row = payments.get(told.payment, field="body", locked=True)
    if row.provider != provider:
        raise InvalidArgument("CALLBACK_OF_ANOTHER_PROVIDER", field="provider")
    if told.state == "refunded":
        _refunded(told, uow)
        return
    callback = Callback(
        told.callback_id, row.id, CallbackKind(told.state), told.amount_fen, told.occurred_at
    )
    with refusals("body"):
        after, postings = domain.apply_callback(to_domain(row), callback)
    _apply(row, after.status, told, postings, uow)


def _apply(
    row: PaymentRow,
    status: PaymentStatus,
    told: CallbackOutcome,
    postings: tuple[Posting, ...],
    uow: UnitOfWork,
) -> None:
    if str(status) == row.state:
        return
    failure = told.failure[:100] if status is PaymentStatus.FAILED else ""
    Payments(uow.conn, MACHINE).change(row.id, state=str(status), failure=failure)
    if status is not PaymentStatus.AUTHORISED:
        uow.cancel(EXPIRY, row.id)
    for posting in postings:
        post(uow, posting, lot=row.lot, kind="capture", reference=row.id)
    if status is PaymentStatus.CAPTURED:
        _captured(replace(row, state=str(status)), uow)


def _captured(row: PaymentRow, uow: UnitOfWork) -> None:
    now = uow.clock.now()
    receipt = _receipt(row, uow)
    Payments(uow.conn, MACHINE).change(row.id, captured_at=now, receipt=receipt.id)
    uow.emit(payment_captured(row), aggregate=f"payments/{row.id}")
    uow.emit(receipt_issued(receipt), aggregate=f"receipts/{receipt.id}")
    link, amount = f"/parking/receipts/{receipt.id}", yuan(receipt.total_fen)
    message(uow, row.resident, "receipt", link, receipt.id, number=receipt.number, amount=amount)
    paid = {"session": _paid_session, "permit": _paid_permit}
    paid[row.payable_kind](replace(row, captured_at=now), uow)


def _paid_session(row: PaymentRow, uow: UnitOfWork) -> None:
    sessions = Sessions(uow.conn, MACHINE)
    session = sessions.get(row.payable, locked=True)
    paid = session.paid_fen + row.amount_fen
    if session.charged_fen is not None:
        sessions.change(session.id, paid_fen=paid, due_fen=max(0, session.charged_fen - paid))
        # A payment that expired here may still be paid there: the surplus goes back.
        give_back(session.id, paid - session.charged_fen, "PAID_TOO_MUCH", uow=uow)
        return
    leave_by = uow.clock.now() + timedelta(minutes=rules().exit_grace_minutes)
    quote = row.quote if row.quote and int(row.quote["total_fen"]) == paid else None
    ahead = {"paid_until": leave_by, "quote": quote} if quote else {}
    sessions.change(session.id, paid_fen=paid, **ahead)


def _paid_permit(row: PaymentRow, uow: UnitOfWork) -> None:
    permits = Permits(uow.conn, MACHINE)
    permit = permits.get(row.payable, locked=True)
    if permit.state != "pending_payment":
        # Cancelled or paid meanwhile: this money has nothing to buy.
        ask_refund(row, 0, "PERMIT_NOT_PENDING", "parking", uow=uow)
        return
    permits.change(permit.id, state="active", paid_fen=row.amount_fen)
    posting = charge_posting(f"charge:{permit.id}", permit.id, row.amount_fen, 0, uow.clock.now())
    post(uow, posting, lot=row.lot, kind="charge", reference=permit.id)
    uow.schedule(PERMIT_EXPIRY, permit.id, permit.end_at)
    uow.emit(permit_issued(permit), aggregate=f"permits/{permit.id}")
    message(uow, row.resident, "permit-issued", "/parking/permits", permit.id, lot=row.title)


def _receipt(row: PaymentRow, uow: UnitOfWork) -> ReceiptRow:
    now = uow.clock.now()
    lot = Lots(uow.conn, MACHINE).find(row.lot)
    operator = lot.operator if lot else ""
    year = now.astimezone(SHANGHAI).year
    receipts = Receipts(uow.conn, MACHINE)
    made = ReceiptRow(
        id=uow.ids.new(),
        number=f"{_code(operator)}-{year}-{receipts.next_number(operator, year):08d}",
        payment=row.id,
        resident=row.resident,
        operator=operator,
        lot=row.lot,
        title=row.title,
        plate=_plate(row, uow),
        quote=_receipt_lines(row),
        total_fen=row.amount_fen,
        issued_at=now,
    )
    receipts.add(columns(made))
    return made


def _receipt_lines(row: PaymentRow) -> dict[str, Any]:
    """The derivation, with what was paid before as a line, so that the lines sum to the total."""
    quote = row.quote or kept(row.amount_fen, "price.amount")
    before = row.amount_fen - int(quote["total_fen"])
    if before == 0:
        return quote
    line: dict[str, Any] = {"key": "price.paid-before", "params": {}, "amount_fen": before}
    return {**quote, "total_fen": row.amount_fen, "lines": [*quote["lines"], line]}


def _plate(row: PaymentRow, uow: UnitOfWork) -> str | None:
    if row.payable_kind != "session":
        return None
    return Sessions(uow.conn, MACHINE).get(row.payable).plate


def _code(operator: str) -> str:
    """The series of an operator's receipts: readable where it can be, distinct always."""
    return operator.upper() or "XB"


def _refunded(told: CallbackOutcome, uow: UnitOfWork) -> None:
    refund = Refunds(uow.conn, MACHINE).get(told.refund) if told.refund else None
    if refund is None or refund.payment != told.payment or refund.amount_fen != told.amount_fen:
        return  # kept as told; the refund's own answer settles it
    settle_refund(refund, uow=uow)


def _callback_row(provider: str, told: CallbackOutcome, uow: UnitOfWork) -> dict[str, Any]:
    return {
        "provider": provider,
        "callback_id": told.callback_id[:200],
        "payment": told.payment,
        "state": told.state,
        "amount_fen": told.amount_fen,
        "occurred_at": told.occurred_at,
        "received_at": uow.clock.now(),
        "outcome": told.failure[:100],
    }
