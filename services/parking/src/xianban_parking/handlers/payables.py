"""What can be paid: a stay or a permit, with the amount that is due at this moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.plugins import Hooks

from xianban_parking.domain.quotes import Concession
from xianban_parking.domain.sessions import SessionStatus
from xianban_parking.domain.stays import Visit
from xianban_parking.handlers.gates import rights_of
from xianban_parking.handlers.pricing import concessions_for
from xianban_parking.handlers.stays import due_of, quote_of
from xianban_parking.repository import Lots, Permits, Scope, Sessions
from xianban_parking.repository.rows import LotRow, SessionRow

__all__ = ["Payable", "SessionFee", "fee_of", "payable_of"]


@dataclass(frozen=True, slots=True)
class SessionFee:
    """A stay with its fee so far, or the final one."""

    row: SessionRow
    lot: LotRow
    quote: dict[str, Any]
    due_fen: int


@dataclass(frozen=True, slots=True)
class Payable:
    """What a payment is for."""

    kind: str
    id: str
    lot: LotRow
    due_fen: int
    quote: dict[str, Any]
    title: str


def fee_of(row: SessionRow, conn: Connection, hooks: Hooks, now: datetime) -> SessionFee:
    """The fee, with what plugins grant while it is not final; outside of any transaction."""
    lots = Lots(conn, _nobody(row))
    lot, tariffs = lots.get(row.lot), lots.tariffs(row.lot)
    granted: list[Concession] = []
    if row.status == SessionStatus.OPEN and row.charged_fen is None and row.entered_at is not None:
        visit = Visit(row.entered_at, max(row.entered_at, now))
        rights = rights_of(row, Permits(conn, _nobody(row)))
        granted = concessions_for(hooks, lot, visit, row.vehicle_kind, rights)
    quote = quote_of(row, tariffs, granted, now)
    return SessionFee(row, lot, quote, due_of(row, quote, now))


def payable_of(
    name: str, *, scope: Scope, conn: Connection, hooks: Hooks, now: datetime
) -> Payable:
    """The stay or permit behind a resource name of the caller's subject."""
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "residents" or parts[2] not in _KINDS:
        raise InvalidArgument("PAYABLE_INVALID", field="payable")
    if parts[1] != scope.subject:
        raise NotFound("PAYABLE_NOT_FOUND", field="payable")
    return _KINDS[parts[2]](parts[3], scope, conn, hooks, now)


def _session(
    session_id: str, scope: Scope, conn: Connection, hooks: Hooks, now: datetime
) -> Payable:
    row = Sessions(conn, scope).get(session_id)
    if row.disputed:
        raise FailedPrecondition("SESSION_DISPUTED", field="payable")
    fee = fee_of(row, conn, hooks, now)
    title = fee.lot.names.get("zh-CN") or next(iter(fee.lot.names.values()))
    return Payable("session", row.id, fee.lot, fee.due_fen, fee.quote, title)


def _permit(
    permit_id: str, scope: Scope, conn: Connection, _hooks: Hooks, _now: datetime
) -> Payable:
    row = Permits(conn, scope).get(permit_id)
    lot = Lots(conn, scope).get(row.lot)
    due = row.price_fen if row.state == "pending_payment" else 0
    title = lot.names.get("zh-CN") or next(iter(lot.names.values()))
    return Payable("permit", row.id, lot, due, row.quote, title)


def _nobody(row: SessionRow) -> Scope:
    """Tariffs and rights of the stay's own resident."""
    return Scope(actor="parking", subject=row.resident or None)


_KINDS: dict[str, Callable[[str, Scope, Connection, Hooks, datetime], Payable]] = {
    "sessions": _session,
    "permits": _permit,
}
