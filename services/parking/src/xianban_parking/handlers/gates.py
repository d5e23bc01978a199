"""What a gate's camera tells, and what the gate does: open, ask for payment, or refuse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection
from xianban_sdk import i18n
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.plugins import Hooks
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.errors import DomainError, ReservationError
from xianban_parking.domain.gate_tokens import check_at_gate
from xianban_parking.domain.quotes import Concession
from xianban_parking.domain.stays import Visit
from xianban_parking.errors import TEXT_PACKAGE
from xianban_parking.events import yuan
from xianban_parking.handlers.counts import Outcome, count_gates
from xianban_parking.handlers.gate_tokens import plate_digest, public_keys, read_token
from xianban_parking.handlers.plates import ReadPlate, masked, read_plate
from xianban_parking.handlers.pricing import NO_RIGHTS, Rights, concessions_for
from xianban_parking.handlers.stays import Passage, fold_in
from xianban_parking.handlers.views import shown
from xianban_parking.hookspecs import GateDecision, GateEvent, Rejected
from xianban_parking.repository import (
    MACHINE,
    Counts,
    GateEvents,
    Lots,
    Permits,
    Reservations,
    Sessions,
)
from xianban_parking.repository.keys import GateKeys
from xianban_parking.repository.rows import GateEventRow, LotRow, SessionRow
from xianban_parking.settings import rules

__all__ = ["Prepared", "prepare", "rights_of", "take_passage"]

FUTURE = timedelta(minutes=5)
MAX_ID = 128


@dataclass(frozen=True, slots=True)
class Prepared:
    """One event with what was found out before the transaction opened."""

    event: GateEvent | Rejected
    plate: ReadPlate | None = None
    outcome: Outcome | None = None
    concessions: list[Concession] = field(default_factory=list[Concession])


def prepare(
    items: Iterable[GateEvent | Rejected], conn: Connection, hooks: Hooks
) -> list[Prepared]:
    """Reads plates and asks plugins for concessions; nothing is written, nothing is locked."""
    return [_prepared(item, conn, hooks) for item in items]


def take_passage(
    source: str, one: Prepared, *, uow: UnitOfWork
) -> tuple[Outcome, GateDecision | None]:
    """Keeps one event and decides; a repeated event is decided anew and kept once."""
    if one.plate is None or isinstance(one.event, Rejected):
        refused = one.outcome or Outcome("", False, False, "", "MALFORMED")
        return refused, _refuse("plate-unreadable") if refused.field == "plate" else None
    wrong = _wrong(one.event, uow)
    if wrong is not None:
        return wrong, None
    lot = Lots(uow.conn, MACHINE).locked(one.event.lot)
    row, token_reason = _row(source, one.event, one.plate, uow)
    fresh = GateEvents(uow.conn, MACHINE).add(
        {name: getattr(row, name) for name in row.__dataclass_fields__}
    )
    blocked = _pass(row, lot, one.concessions, uow) if fresh or row.refused else None
    if fresh and lot.gate_counted:
        since = uow.clock.now() - timedelta(days=rules().event_window_days)
        count_gates(uow, lot, Sessions(uow.conn, MACHINE).inside(lot.id, since))
    decision = blocked or _decide(row, lot, token_reason, uow)
    return Outcome(one.event.event_id, duplicate=not fresh), decision


def _pass(
    row: GateEventRow, lot: LotRow, concessions: list[Concession], uow: UnitOfWork
) -> GateDecision | None:
    """Lets a vehicle pass, or says why not; who was turned away may try again."""
    blocked = _kept_for_others(row, lot, uow) if row.direction == "in" else None
    if row.refused != (blocked is not None):
        GateEvents(uow.conn, MACHINE).turn_away(row.id, blocked is not None)
    if blocked is None:
        fold_in(Passage(row, concessions), uow=uow)
    return blocked


def _prepared(item: GateEvent | Rejected, conn: Connection, hooks: Hooks) -> Prepared:
    if isinstance(item, Rejected):
        return Prepared(item, None, Outcome(item.item, False, False, item.field, item.reason))
    try:
        plate = read_plate(item.plate)
    except InvalidArgument as error:
        return Prepared(item, None, Outcome(item.event_id, False, False, "plate", error.reason))
    granted = _granted(item, plate, conn, hooks) if item.direction == "out" else []
    return Prepared(item, plate, None, granted)


def _granted(
    event: GateEvent, plate: ReadPlate, conn: Connection, hooks: Hooks
) -> list[Concession]:
    lot = Lots(conn, MACHINE).find(event.lot)
    session = Sessions(conn, MACHINE).open_at(event.lot, plate.hash)
    if lot is None or session is None or session.entered_at is None:
        return []
    try:
        visit = Visit(session.entered_at, max(session.entered_at, event.occurred_at))
    except DomainError:
        return []  # a naive time is refused later, by name
    return concessions_for(
        hooks, lot, visit, session.vehicle_kind, rights_of(session, Permits(conn, MACHINE))
    )


def rights_of(session: SessionRow, permits: Permits) -> Rights:
    """The kinds of permit the resident holds: all that a concession is told of a person."""
    if not session.resident or session.entered_at is None:
        return NO_RIGHTS
    kinds = permits.kinds_of(session.resident, session.entered_at)
    return Rights.of_permits(session.resident, kinds)


def _wrong(event: GateEvent, uow: UnitOfWork) -> Outcome | None:
    now = uow.clock.now()
    oldest = now - timedelta(days=rules().event_window_days)
    if event.occurred_at.tzinfo is None:
        return Outcome(event.event_id, False, False, "occurred_at", "TIME_WITHOUT_ZONE")
    checks = (
        ("event_id", "OUT_OF_RANGE", not 0 < len(event.event_id) <= MAX_ID),
        ("gate", "OUT_OF_RANGE", len(event.gate) > MAX_ID),
        ("occurred_at", "FROM_THE_FUTURE", event.occurred_at > now + FUTURE),
        ("occurred_at", "TOO_OLD", event.occurred_at < oldest),
        ("confidence", "OUT_OF_RANGE", not 0 <= event.confidence <= 1),
        ("lot", "LOT_NOT_FOUND", Lots(uow.conn, MACHINE).find(event.lot) is None),
    )
    for name, reason, fails in checks:
        if fails:
            return Outcome(event.event_id, False, False, name, reason)
    return None


def _row(
    source: str, event: GateEvent, plate: ReadPlate, uow: UnitOfWork
) -> tuple[GateEventRow, str]:
    """The event as it is kept, and why a token shown with it does not hold."""
    known = GateEvents(uow.conn, MACHINE).known(source, event.lot, event.event_id)
    if known is not None:
        return known, ""
    reservation, reason = _proved(event, plate, uow) if event.token else ("", "")
    row = GateEventRow(
        id=uow.ids.new(),
        source=source,
        event_id=event.event_id,
        lot=event.lot,
        gate=event.gate,
        direction=event.direction,
        plate=plate.text,
        plate_hash=plate.hash,
        occurred_at=event.occurred_at,
        received_at=uow.clock.now(),
        confidence=round(event.confidence * 1000),
        reservation=reservation,
        refused=False,
    )
    return row, reason


def _proved(event: GateEvent, plate: ReadPlate, uow: UnitOfWork) -> tuple[str, str]:
    """The reservation that the token proves for this lot, plate and time, or why it does not."""
    try:
        claims = read_token(event.token, public_keys(GateKeys(uow.conn, MACHINE)))
    except ReservationError:
        return "", "token-invalid"
    row = Reservations(uow.conn, MACHINE).find(claims.reservation)
    versions = {claims.reservation: row.version} if row else {}
    decision = check_at_gate(
        claims,
        event.lot,
        plate.text,
        event.occurred_at,
        plate_hash=plate_digest,
        known_versions=versions,
    )
    if not decision.opens:
        return "", f"token-{decision.reason}".replace("_", "-")
    return claims.reservation, ""


def _kept_for_others(row: GateEventRow, lot: LotRow, uow: UnitOfWork) -> GateDecision | None:
    """The last places belong to those who reserved them: a walk-in is turned away."""
    now = uow.clock.now()
    view = shown(Counts(uow.conn, MACHINE).of([lot.id]).get(lot.id), lot, now)
    if view.free is None:
        return None
    policy = rules().reservations
    reservations = Reservations(uow.conn, MACHINE)
    coming = reservations.starting(lot.id, now + policy.arrive_early)
    if view.free > len(coming) or any(one.plate_hash == row.plate_hash for one in coming):
        return None
    if Permits(uow.conn, MACHINE).in_force(lot.id, row.plate_hash, row.occurred_at):
        return None
    return _refuse("lot-full" if not coming else "kept-for-reservations")


def _decide(row: GateEventRow, lot: LotRow, token_reason: str, uow: UnitOfWork) -> GateDecision:
    sessions = Sessions(uow.conn, MACHINE)
    since = row.occurred_at - timedelta(days=2 * rules().event_window_days)
    session = sessions.with_event(row.plate_hash, row.id, since)
    if row.direction == "in":
        return _welcome(row, session, token_reason)
    return _farewell(row, session, lot, sessions)


def _welcome(row: GateEventRow, session: SessionRow | None, token_reason: str) -> GateDecision:
    if session is not None and session.reservation:
        return _open("reservation", row)
    if session is not None and session.permit_kind:
        return _open("permit", row)
    return _open(token_reason or "welcome", row)


def _farewell(
    row: GateEventRow, session: SessionRow | None, lot: LotRow, sessions: Sessions
) -> GateDecision:
    # Also what an earlier stay here still owes: a second reading at the barrier opens nothing.
    due = sessions.due_at(lot.id, row.plate_hash)
    if due <= 0:
        paid = session is not None and session.paid_fen > 0
        return _open("paid" if paid else "nothing-to-pay", row)
    if session is not None and session.disputed:
        return _open("disputed", row)
    if lot.credit_exit and session is not None and session.resident:
        others = sessions.arrears_of(row.plate_hash) - session.due_fen
        if others <= 0:
            return _open("credit", row, due)
    return GateDecision("pay", "pay", _display("pay", amount=yuan(due), plate=_masked(row)), due)


def _open(reason: str, row: GateEventRow, due_fen: int = 0) -> GateDecision:
    shown_text = _display(reason, plate=_masked(row), amount=yuan(due_fen))
    return GateDecision("open", reason, shown_text, due_fen)


def _refuse(reason: str) -> GateDecision:
    return GateDecision("refuse", reason, _display(reason))


def _masked(row: GateEventRow) -> str:
    return masked(row.plate)


def _display(reason: str, **params: str) -> dict[str, str]:
    return {
        locale: i18n.text(f"gate-{reason}", locale, TEXT_PACKAGE, **params)
        for locale in i18n.LOCALES
    }
