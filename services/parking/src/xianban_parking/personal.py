"""Parking's personal data: vehicles, stays and what was paid for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from xianban_sdk.personal import PSEUDONYM, Fate, Hold, Holding, PersonalData

from xianban_parking.repository.money_tables import (
    OPEN_PAYMENT,
    ledger_entry,
    payment,
    payment_callback,
    permit,
    permit_plate,
    receipt,
    refund,
)
from xianban_parking.repository.reservations import TAKES_A_BAY
from xianban_parking.repository.tables import gate_event, reservation, session, vehicle

__all__ = ["PERSONAL"]

# 会计档案管理办法 (财政部、国家档案局令第79号), annex 1: vouchers and ledgers, thirty years.
_ACCOUNTS_DAYS: Final = 30 * 365


class _Elements(FunctionElement[Any]):
    """The texts of a JSON array, as rows."""

    name = "elements"
    inherit_cache = True
    type = String()


@compiles(_Elements, "sqlite")
def _on_sqlite(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Elements, "postgresql")
def _on_postgresql(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text({compiler.process(element.clauses, **options)})"


def _of(table: Table, person: str) -> Select[Any]:
    return select(table.c.id).where(table.c.resident == person)


def _passed(person: str) -> ColumnElement[bool]:
    """Events that the person's stays were folded from; nobody else's of the same plate."""
    event = _Elements(session.c.event_ids).table_valued("value", joins_implicitly=True)
    mine = select(event.c.value).select_from(session, event).where(session.c.resident == person)
    return gate_event.c.id.in_(mine)


def _covered(person: str) -> ColumnElement[bool]:
    return permit_plate.c.permit.in_(_of(permit, person))


def _given_back(person: str) -> ColumnElement[bool]:
    return refund.c.payment.in_(_of(payment, person))


def _called_back(person: str) -> ColumnElement[bool]:
    return payment_callback.c.payment.in_(_of(payment, person))


def _booked(person: str) -> ColumnElement[bool]:
    refunds = select(refund.c.id).where(_given_back(person))
    named = union_all(*(_of(table, person) for table in (session, payment, permit)), refunds)
    return ledger_entry.c.reference.in_(named)


def _accounts(table: Table, category: str, **more: Any) -> Holding:
    """Kept for the books, without its person."""
    chosen: dict[str, Any] = {"fate": Fate.PSEUDONYMISED, **more}
    return Holding(
        table=table, category=category, reason="accounting", days=_ACCOUNTS_DAYS, **chosen
    )


_RESIDENT: Final = ("resident",)

_HOLDINGS: Final = (
    _accounts(
        gate_event,
        "gate-events",
        through=_passed,
        blank={"plate": None, "plate_hash": PSEUDONYM},
        secret=frozenset({"plate_hash"}),
    ),
    Holding(
        table=permit_plate,
        category="permit-plates",
        through=_covered,
        fate=Fate.ERASED,
        exported=False,
        reason="hashes",
    ),
    _accounts(ledger_entry, "ledger", through=_booked, fate=Fate.KEPT),
    _accounts(payment_callback, "payment-notices", through=_called_back, fate=Fate.KEPT),
    _accounts(refund, "refunds", through=_given_back, actors=("requested_by",)),
    _accounts(receipt, "receipts", subjects=_RESIDENT, blank={"plate": None}),
    _accounts(
        payment,
        "payments",
        subjects=_RESIDENT,
        actors=("actor",),
        blank={"pay_url": None},
        secret=frozenset({"pay_url"}),
    ),
    _accounts(permit, "permits", subjects=_RESIDENT, actors=("actor",), blank={"plates": None}),
    Holding(
        table=reservation,
        category="reservations",
        subjects=_RESIDENT,
        actors=("actor",),
        fate=Fate.ERASED,
        secret=frozenset({"plate_hash", "gate_token"}),
    ),
    _accounts(
        session,
        "stays",
        subjects=_RESIDENT,
        blank={"plate": None, "plate_hash": PSEUDONYM, "dispute_reason": None},
        secret=frozenset({"plate_hash"}),
    ),
    Holding(
        table=vehicle,
        category="vehicles",
        subjects=_RESIDENT,
        fate=Fate.ERASED,
        secret=frozenset({"plate_hash"}),
    ),
)


def _holds(conn: Connection, person: str, now: datetime) -> Iterator[Hold]:
    """What the resident and the car parks still owe each other."""
    arrears = select(func.coalesce(func.sum(session.c.due_fen), 0))
    owed = int(conn.execute(arrears.where(session.c.resident == person)).scalar_one())
    if owed > 0:
        yield Hold("ARREARS", {"yuan": f"{owed / 100:.2f}"})
    for reason, table, *still in _unsettled(person, now):
        query = select(func.count()).select_from(table).where(*still)
        if count := conn.execute(query).scalar_one():
            yield Hold(reason, {"count": count})


def _unsettled(person: str, now: datetime) -> Iterator[tuple[str, Table, *tuple[Any, ...]]]:
    disputed = (session.c.disputed_at.is_not(None), session.c.resolved_at.is_(None))
    valid = or_(permit.c.state == "pending_payment", permit.c.end_at > now)
    granted = permit.c.state.in_(("pending_payment", "active"))
    mine = session.c.resident == person
    yield "STAY_RUNNING", session, mine, session.c.status == "open", session.c.void.is_(False)
    yield "DISPUTE_OPEN", session, mine, *disputed
    standing = reservation.c.state.in_(("requested", *TAKES_A_BAY))
    yield "RESERVATION_STANDS", reservation, reservation.c.resident == person, standing
    yield "PAYMENT_OPEN", payment, payment.c.resident == person, OPEN_PAYMENT
    yield "REFUND_UNDER_WAY", refund, _given_back(person), refund.c.state == "requested"
    yield "PERMIT_VALID", permit, permit.c.resident == person, granted, valid


PERSONAL: Final = PersonalData(
    holdings=_HOLDINGS,
    unfindable={"gate_key": "the keys that sign gate tokens"},
    holds=_holds,
)
