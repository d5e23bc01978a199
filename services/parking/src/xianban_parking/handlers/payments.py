"""Paying, so that nobody is charged twice whoever is killed when.

1. A transaction of its own keeps the payment (one open per payable).
2. The provider opens the order under the payment's id, outside of any transaction.
3. The call's transaction keeps where the person goes to pay.
Killed between any two, the next try finds the payment and goes on with the same id, which the
provider answers as before. Money counts only when the provider's signed callback says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from xianban_sdk.errors import Aborted, FailedPrecondition, InvalidArgument, Unavailable
from xianban_sdk.plugins import Hooks
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_parking.domain import payments as domain
from xianban_parking.domain.payments import Payment, PaymentStatus
from xianban_parking.errors import refusals
from xianban_parking.events import yuan
from xianban_parking.handlers.payables import Payable
from xianban_parking.hookspecs import PaymentOrder, PaymentProvider, PaymentStart
from xianban_parking.repository import MACHINE, Payments, Scope
from xianban_parking.repository.rows import PaymentRow, columns
from xianban_parking.settings import rules

__all__ = [
    "EXPIRY",
    "Asked",
    "Provider",
    "keep_payment",
    "keep_start",
    "on_expiry",
    "open_order",
    "provider_of",
    "to_domain",
]

EXPIRY = "payment-expiry"
OPEN = ("quoted", "authorised")
PROVIDER_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment a resident asks for."""

    resident: str
    actor: str
    expected_fen: int
    provider: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A way to pay and the plugin that brought it."""

    plugin: str
    provider: PaymentProvider


def provider_of(hooks: Hooks, wanted: str, field: str = "provider") -> Provider:
    """The provider of that id; the first one when none is named."""
    found = [
        Provider(result.plugin, each)
        for result in hooks.registered("register_payment")
        for each in result.value or ()
    ]
    for each in found:
        if wanted in ("", each.provider.id):
            return each
    raise InvalidArgument("PAYMENT_PROVIDER_UNKNOWN", field=field, provider=wanted)


def keep_payment(asked: Asked, payable: Payable, *, uow: UnitOfWork) -> PaymentRow:
    """Step 1: the payment exists, before anybody outside hears of it."""
    if payable.due_fen != asked.expected_fen:
        due = payable.due_fen
        raise FailedPrecondition("AMOUNT_CHANGED", field="expected_fen", due_fen=due, due=yuan(due))
    payments = Payments(uow.conn, MACHINE)
    before = payments.open_of(payable.id)
    if before is not None and _same(before, asked, uow):
        return before
    if before is not None:
        _give_up(before, payments, uow)
    made = _made(asked, payable, uow)
    if not payments.add(columns(made)):
        raise Aborted("PAYMENT_IN_PROGRESS", field="payable")
    uow.schedule(EXPIRY, made.id, made.expire_at)
    return made


def open_order(row: PaymentRow, provider: Provider, hooks: Hooks, issuer: str) -> PaymentStart:
    """Step 2: the provider's order, under our payment's id."""
    order = PaymentOrder(
        payment=row.id,
        amount_fen=row.amount_fen,
        title=row.title,
        callback_url=f"{issuer}/api/parking/v1/providers/{row.provider}:callback",
        return_url=f"{issuer}/parking/payments/{row.id}",
    )
    result = hooks.run(
        provider.plugin,
        "payment.start",
        lambda: provider.provider.start(order),
        PROVIDER_SECONDS,
        about=row.resident,
    )
    if result.error is not None or not isinstance(result.value, PaymentStart):
        raise Unavailable("PAYMENT_PROVIDER_UNAVAILABLE", provider=row.provider)
    return result.value


def keep_start(
    row: PaymentRow, start: PaymentStart, *, scope: Scope, uow: UnitOfWork
) -> PaymentRow:
    """Step 3: where the person goes to pay; a callback may have been faster."""
    payments = Payments(uow.conn, scope)
    now = payments.get(row.id, locked=True)
    changed = {"pay_url": start.pay_url, "provider_reference": start.provider_reference}
    payments.change(row.id, **changed)
    return replace(now, **changed)


def on_expiry(timer: Timer, *, uow: UnitOfWork) -> None:
    """Nobody paid in time; another payment may be opened. Money that comes still counts."""
    payments = Payments(uow.conn, MACHINE)
    row = payments.get(timer.key, locked=True)
    after = domain.expire(to_domain(row), uow.clock.now())
    payments.change(row.id, state=str(after.status))


def to_domain(row: PaymentRow) -> Payment:
    return Payment(row.id, row.payable, row.amount_fen, row.expire_at, PaymentStatus(row.state))


def _same(before: PaymentRow, asked: Asked, uow: UnitOfWork) -> bool:
    same = (before.amount_fen, before.provider) == (asked.expected_fen, asked.provider)
    return same and uow.clock.now() < before.expire_at


def _give_up(before: PaymentRow, payments: Payments, uow: UnitOfWork) -> None:
    if before.state == PaymentStatus.AUTHORISED:
        # The money is promised already: a second order could take it twice.
        raise FailedPrecondition("PAYMENT_IN_PROGRESS", field="payable")
    payments.change(before.id, state=str(PaymentStatus.EXPIRED))
    uow.cancel(EXPIRY, before.id)


def _made(asked: Asked, payable: Payable, uow: UnitOfWork) -> PaymentRow:
    now = uow.clock.now()
    with refusals("expected_fen"):
        quoted = domain.quote_payment(
            uow.ids.new(),
            payable.id,
            payable.due_fen,
            now,
            timedelta(minutes=rules().payment_minutes),
        )
    return PaymentRow(
        id=quoted.id,
        resident=asked.resident,
        actor=asked.actor,
        lot=payable.lot.id,
        payable_kind=payable.kind,
        payable=payable.id,
        amount_fen=quoted.amount_fen,
        refunded_fen=0,
        state=str(quoted.status),
        provider=asked.provider,
        provider_reference="",
        pay_url=None,
        title=payable.title,
        created_at=now,
        expire_at=quoted.expires_at,
        captured_at=None,
        failure="",
        quote=payable.quote,
        receipt="",
    )
