"""The sandbox's own books: orders, callbacks still to be sent, refunds. Survives restarts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import orjson
from xianban_parking.hookspecs import PaymentOrder

__all__ = ["Delivery", "NoSuchOrder", "OrderState", "RefundImpossible", "Store"]

_SCHEMA: Final = """
create table if not exists orders (
  payment text primary key, amount_fen integer not null, callback_url text not null,
  state text not null, failure text not null, refuse_refunds integer not null default 0
) strict;
create table if not exists deliveries (
  seq integer primary key, payment text not null, url text not null, body blob not null,
  due_at integer not null, attempts integer not null default 0, last_error text not null default '',
  sent_at integer
) strict;
create table if not exists refunds (
  refund text primary key, payment text not null, amount_fen integer not null
) strict;
"""
GIVE_UP_AFTER: Final = 200
LONGEST_WAIT: Final = timedelta(minutes=1)

State = Literal["open", "captured", "failed"]


class NoSuchOrder(LookupError):
    """The sandbox has not seen this payment."""


class RefundImpossible(ValueError):
    """More than was paid, an order not paid, or a refusal that was asked for: UPPER_SNAKE."""


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the checkout page shows."""

    state: str
    failure: str
    refunded_fen: int
    waiting: int
    """Callbacks that parking has not taken yet."""
    attempts: int
    last_error: str
    refuses_next_refund: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A callback to be sent."""

    seq: int
    url: str
    body: bytes
    attempts: int


class Store:
    """One SQLite file, opened by the portal's process alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=full")
        self._db.executescript(_SCHEMA)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Gives the file back."""
        with self._lock:
            self._db.close()

    def seen(self, order: PaymentOrder) -> OrderState:
        """The order's state; an order seen the first time is open."""
        with self._writing() as db:
            _keep(db, order)
            return _state(db, order.payment)

    def decide(
        self,
        order: PaymentOrder,
        state: Literal["captured", "failed"],
        now: datetime,
        *,
        failure: str = "",
        delay: timedelta = timedelta(),
        copies: int = 1,
    ) -> bool:
        """Pays or fails an open order and puts its callback on the way; False: decided before."""
        with self._writing() as db:
            _keep(db, order)
            changed = db.execute(
                "update orders set state = ?, failure = ? where payment = ? and state = 'open'",
                (state, failure, order.payment),
            ).rowcount
            for _ in range(copies if changed else 0):
                body = _callback(order, state, failure, now)
                db.execute(
                    "insert into deliveries (payment, url, body, due_at) values (?, ?, ?, ?)",
                    (order.payment, order.callback_url, body, _stamp(now + delay)),
                )
            return bool(changed)

    def refuse_next_refund(self, payment: str) -> None:
        """The next refund of this order fails, so that the retry can be watched."""
        with self._writing() as db:
            db.execute("update orders set refuse_refunds = 1 where payment = ?", (payment,))

    def refund(self, payment: str, refund: str, amount_fen: int) -> None:
        """Gives back once per key; raises when that cannot be."""
        with self._writing() as db:
            if self._already(db, payment, refund, amount_fen):
                return
            refusal = _refusal(db, payment, amount_fen)
            if refusal is None:
                db.execute("insert into refunds values (?, ?, ?)", (refund, payment, amount_fen))
        if refusal is not None:
            raise refusal

    def due(self, now: datetime) -> list[Delivery]:
        """Callbacks whose time has come, oldest first."""
        with self._writing() as db:
            rows = db.execute(
                "select seq, url, body, attempts from deliveries where sent_at is null"
                " and due_at <= ? and attempts < ? order by seq limit 100",
                (_stamp(now), GIVE_UP_AFTER),
            ).fetchall()
        return [Delivery(*row) for row in rows]

    def sent(self, delivery: Delivery, now: datetime) -> None:
        """Parking took the callback."""
        with self._writing() as db:
            db.execute(
                "update deliveries set sent_at = ?, attempts = attempts + 1, last_error = ''"
                " where seq = ?",
                (_stamp(now), delivery.seq),
            )

    def failed(self, delivery: Delivery, error: str, now: datetime) -> None:
        """Parking did not take it: again later, and later still."""
        wait = min(timedelta(seconds=2 ** min(delivery.attempts, 10)), LONGEST_WAIT)
        with self._writing() as db:
            db.execute(
                "update deliveries set attempts = attempts + 1, last_error = ?, due_at = ?"
                " where seq = ?",
                (error[:200], _stamp(now + wait), delivery.seq),
            )

    def _already(self, db: sqlite3.Connection, payment: str, refund: str, fen: int) -> bool:
        row = db.execute("select payment, amount_fen from refunds where refund = ?", (refund,))
        known = row.fetchone()
        if known is not None and known != (payment, fen):
            raise RefundImpossible("REFUND_KEY_REUSED")
        return known is not None

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")


def _keep(db: sqlite3.Connection, order: PaymentOrder) -> None:
    db.execute(
        "insert or ignore into orders (payment, amount_fen, callback_url, state, failure)"
        " values (?, ?, ?, 'open', '')",
        (order.payment, order.amount_fen, order.callback_url),
    )


def _state(db: sqlite3.Connection, payment: str) -> OrderState:
    state, failure, refuses = db.execute(
        "select state, failure, refuse_refunds from orders where payment = ?", (payment,)
    ).fetchone()
    waiting, attempts, error = db.execute(
        "select count(*), coalesce(max(attempts), 0), coalesce(max(last_error), '')"
        " from deliveries where payment = ? and sent_at is null",
        (payment,),
    ).fetchone()
    return OrderState(
        state, failure, _refunded(db, payment), waiting, attempts, error, bool(refuses)
    )


def _refunded(db: sqlite3.Connection, payment: str) -> int:
    query = "select coalesce(sum(amount_fen), 0) from refunds where payment = ?"
    (total,) = db.execute(query, (payment,)).fetchone()
    return int(total)


def _refusal(db: sqlite3.Connection, payment: str, amount_fen: int) -> Exception | None:
    """Why this refund can't be; a refusal that was asked for holds once."""
    row = db.execute(
        "select state, amount_fen, refuse_refunds from orders where payment = ?", (payment,)
    ).fetchone()
    if row is None:
        return NoSuchOrder(payment)
    state, paid_fen, refuses = row
    if state != "captured":
        return RefundImpossible("NOT_PAID")
    if not 0 < amount_fen <= paid_fen - _refunded(db, payment):
        return RefundImpossible("MORE_THAN_PAID")
    if refuses:
        db.execute("update orders set refuse_refunds = 0 where payment = ?", (payment,))
        return RefundImpossible("REFUSED_ON_DEMAND")
    return None


def _callback(order: PaymentOrder, state: str, failure: str, now: datetime) -> bytes:
    return orjson.dumps(
        {
            # One outcome, one id: a callback sent twice is the same callback.
            "callback_id": f"{order.payment}-{state}",
            "payment": order.payment,
            "state": state,
            "amount_fen": order.amount_fen,
            "occurred_at": now.astimezone(UTC).isoformat(),
            "failure": failure,
        }
    )


def _stamp(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
