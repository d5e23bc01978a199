"""Gate events become stays: folded in any order, charged once, corrected by adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain import session_records as records
from xianban_parking.domain.ledger import adjustment_posting, charge_posting
from xianban_parking.domain.quotes import Concession, Quote
from xianban_parking.domain.session_records import (
    Adjustment,
    AdjustmentKind,
    Dispute,
    DisputeOutcome,
    SessionRecord,
)
from xianban_parking.domain.sessions import (
    Direction,
    GateEvent,
    Review,
    Session,
    SessionStatus,
    billable_visit,
)
from xianban_parking.errors import refusals
from xianban_parking.events import day_and_time, message, session_closed, session_opened, yuan
from xianban_parking.handlers.ledgers import post
from xianban_parking.handlers.pricing import (
    Asked,
    kept,
    priced,
    restored_concessions,
    stored_concessions,
    stored_quote,
)
from xianban_parking.handlers.refunds import give_back
from xianban_parking.handlers.reservations import arrive, depart
from xianban_parking.repository import (
    MACHINE,
    GateEvents,
    Lots,
    Permits,
    Reservations,
    Sessions,
    Vehicles,
)
from xianban_parking.repository.rows import GateEventRow, SessionRow, columns
from xianban_parking.settings import rules

__all__ = ["Passage", "charge", "due_of", "fold_in", "quote_of", "record_of"]

PREFIX = "ses_"


@dataclass(frozen=True, slots=True)
class Passage:
    """A new gate event with what was found out before the transaction opened."""

    row: GateEventRow
    concessions: list[Concession] = field(default_factory=list[Concession])


def fold_in(passage: Passage, *, uow: UnitOfWork) -> None:
    """Changes the plate's stays by one more event, whenever it happened."""
    Fold(passage, uow).apply()


class Fold:
    """One event applied to the stored stays of its plate."""

    def __init__(self, passage: Passage, uow: UnitOfWork) -> None:
        self.passage, self.uow = passage, uow
        self.sessions = Sessions(uow.conn, MACHINE)
        self.stored = self._stored()
        self.before = {row.id: row for row in self.stored}

    def apply(self) -> None:
        event = self.passage.row
        known = GateEvents(self.uow.conn, MACHINE).of_plate(event.plate_hash, self._since())
        with refusals():
            changes = records.apply_event(
                _event(event),
                known_events=[_event(one) for one in known if one.id != event.id],
                stored=[record_of(row) for row in self.stored],
                policy=rules().folding,
                charge_of=self._cost,
            )
        self.sessions.withdraw([_id(each) for each in changes.withdrawn])
        for record in changes.saved:
            self._save(record)
        for adjustment in changes.adjustments:
            self._adjust(adjustment)

    def _stored(self) -> list[SessionRow]:
        event = self.passage.row
        since = event.occurred_at - timedelta(days=rules().event_window_days)
        found = self.sessions.of_plate(event.plate_hash, since)
        self._earliest = min([since, *(row.entered_at for row in found if row.entered_at)])
        # A stay that began before the window reaches back: what lies beside it comes along.
        return self.sessions.of_plate(event.plate_hash, self._earliest)

    def _since(self) -> datetime:
        return self._earliest

    def _cost(self, session: Session) -> int:
        row = self.before.get(_id(session.id))
        tariffs = Lots(self.uow.conn, MACHINE).tariffs(session.lot)
        quote = _priced(session, row, tariffs, self.uow.clock.now())
        return quote.total_fen if quote else 0

    def _save(self, record: SessionRecord) -> None:
        before = self.before.get(_id(record.session.id))
        facts = _facts(record)
        if before is not None:
            self.sessions.change(before.id, **facts)
            self._settle(replace(before, **facts))
            return
        row = self._opened(replace(self._blank(record), **facts))
        self.sessions.add(columns(row))
        if row.status == SessionStatus.OPEN:
            self.uow.emit(session_opened(row), aggregate=f"sessions/{row.id}")
        self._settle(row)

    def _blank(self, record: SessionRecord) -> SessionRow:
        event = self.passage.row
        return SessionRow(
            id=_id(record.session.id),
            lot=record.session.lot,
            resident="",
            plate=event.plate,
            plate_hash=event.plate_hash,
            vehicle_kind="car",
            status="open",
            entered_at=None,
            left_at=None,
            ended_by=None,
            event_ids=[],
            review=[],
            void=False,
            reservation="",
            permit_kind="",
            concessions=[],
            charged_fen=None,
            quote=None,
            paid_fen=0,
            due_fen=0,
            paid_until=None,
            dispute_reason=None,
            disputed_at=None,
            resolved_at=None,
            outcome="",
            charged_at=None,
            created_at=self.uow.clock.now(),
        )

    def _opened(self, row: SessionRow) -> SessionRow:
        """Whose it is, under which permit, and which reservation it uses."""
        at = row.entered_at or row.left_at or self.uow.clock.now()
        holder = Vehicles(self.uow.conn, MACHINE).holder(row.plate_hash)
        permit = Permits(self.uow.conn, MACHINE).in_force(row.lot, row.plate_hash, at)
        reservation = self._reservation(row)
        return replace(
            row,
            resident=holder.resident if holder else "",
            vehicle_kind=holder.kind if holder else self._kind(row),
            permit_kind=permit.kind if permit else "",
            reservation=reservation,
        )

    def _kind(self, row: SessionRow) -> str:
        # 8 signs: a green new-energy plate.
        return "new_energy" if row.plate and len(row.plate) == 8 else "car"

    def _reservation(self, row: SessionRow) -> str:
        if row.entered_at is None:
            return ""
        policy = rules().reservations
        shown = self.passage.row.reservation
        for one in Reservations(self.uow.conn, MACHINE).at_gate(row.lot, row.plate_hash):
            fits = one.start_at - policy.arrive_early <= row.entered_at < one.end_at
            if one.state == "confirmed" and fits and shown in ("", one.id):
                return arrive(one, row.entered_at, uow=self.uow).id
        return ""

    def _settle(self, row: SessionRow) -> None:
        """A stay that has ended is charged, once."""
        if row.status == SessionStatus.OPEN or row.charged_fen is not None or row.disputed:
            return
        ended = row.left_at or row.ended_by or self.uow.clock.now()
        told = self.passage.row.id in row.event_ids
        granted = self.passage.concessions if told else []
        charge(row, granted, uow=self.uow)
        if row.reservation:
            depart(row.reservation, ended, uow=self.uow)

    def _adjust(self, adjustment: Adjustment) -> None:
        row = self.before[_id(adjustment.session_id)]
        charged = (row.charged_fen or 0) + adjustment.amount_fen
        due = max(0, charged - row.paid_fen)
        self.sessions.change(row.id, charged_fen=charged, due_fen=due, **self._requoted(adjustment))
        if adjustment.kind is AdjustmentKind.NOTE:
            return
        posting = f"adjust:{row.id}:{self.passage.row.id}"
        now = self.uow.clock.now()
        post(
            self.uow,
            adjustment_posting(posting, row.id, adjustment.amount_fen, now),
            lot=row.lot,
            kind="adjustment",
            reference=row.id,
        )
        give_back(row.id, row.paid_fen - charged, "LATE_GATE_EVENT", uow=self.uow)
        self._tell_adjusted(row, adjustment.amount_fen)

    def _requoted(self, adjustment: Adjustment) -> dict[str, Any]:
        """The derivation of the corrected facts takes the old one's place."""
        row = self.before[_id(adjustment.session_id)]
        tariffs = Lots(self.uow.conn, MACHINE).tariffs(row.lot)
        now = self.uow.clock.now()
        quote = _priced(adjustment.after, row, tariffs, now) if adjustment.after else None
        return {"quote": stored_quote(quote) if quote else kept(0, "price.no-entry")}

    def _tell_adjusted(self, row: SessionRow, amount_fen: int) -> None:
        template = "session-more-due" if amount_fen > 0 else "session-less-due"
        _tell(self.uow, row, template, f"{row.id}:{self.passage.row.id}", abs(amount_fen))


def charge(row: SessionRow, concessions: list[Concession], *, uow: UnitOfWork) -> SessionRow:
    """The final fee of an ended stay; what was paid ahead within its grace is all there is."""
    now = uow.clock.now()
    quote, taken_off = _final(row, concessions, uow)
    total = int(quote["total_fen"])
    changed: dict[str, Any] = {
        "concessions": stored_concessions(concessions) or row.concessions,
        "charged_fen": total,
        "quote": quote,
        "due_fen": max(0, total - row.paid_fen),
        "charged_at": now,
    }
    Sessions(uow.conn, MACHINE).change(row.id, **changed)
    charged = replace(row, **changed)
    if total or taken_off:
        posting = charge_posting(f"charge:{row.id}", row.id, total, taken_off, now)
        post(uow, posting, lot=row.lot, kind="charge", reference=row.id)
    give_back(row.id, row.paid_fen - total, "PAID_TOO_MUCH", uow=uow)
    uow.emit(session_closed(charged, total), aggregate=f"sessions/{row.id}")
    if charged.due_fen > 0:
        _tell(uow, charged, "session-closed", row.id, charged.due_fen)
    return charged


def _final(
    row: SessionRow, concessions: list[Concession], uow: UnitOfWork
) -> tuple[dict[str, Any], int]:
    """The quote that is charged, and what concessions took off it."""
    left = row.left_at or row.ended_by
    if row.paid_until is not None and row.quote is not None and left and left <= row.paid_until:
        return row.quote, 0
    tariffs = Lots(uow.conn, MACHINE).tariffs(row.lot)
    granted = concessions or restored_concessions(row.concessions)
    quote = _priced(_session(row), replace(row, concessions=[]), tariffs, uow.clock.now(), granted)
    if quote is None:
        return kept(0, "price.no-entry"), 0
    given = sum(line.amount_fen for line in quote.lines if "concession" in line.key)
    return stored_quote(quote), -given


def quote_of(
    row: SessionRow, tariffs: Sequence[Any], concessions: list[Concession], now: datetime
) -> dict[str, Any]:
    """The fee so far, or the final one."""
    if row.charged_fen is not None and row.quote is not None:
        return _adding_up(row.quote, row.charged_fen)
    quote = _priced(_session(row), row, tariffs, now, concessions)
    return stored_quote(quote) if quote else kept(0, "price.no-entry")


def _adding_up(quote: dict[str, Any], charged_fen: int) -> dict[str, Any]:
    """A correction after the charge is a line of its own: the lines sum to what is charged."""
    difference = charged_fen - int(quote["total_fen"])
    if not difference:
        return quote
    line: dict[str, Any] = {"key": "price.adjusted", "params": {}, "amount_fen": difference}
    return {**quote, "total_fen": charged_fen, "lines": [*quote["lines"], line]}


def due_of(row: SessionRow, quote: dict[str, Any], now: datetime) -> int:
    """What remains to be paid; nothing while the way out after paying ahead is open."""
    if row.charged_fen is not None:
        return row.due_fen
    if row.paid_until is not None and now <= row.paid_until:
        return 0
    return max(0, int(quote["total_fen"]) - row.paid_fen)


def _priced(
    session: Session,
    row: SessionRow | None,
    tariffs: Sequence[Any],
    now: datetime,
    concessions: Sequence[Concession] = (),
) -> Quote | None:
    visit = billable_visit(session, rules().folding, now)
    if visit is None or not tariffs:
        return None
    kind, permit = (row.vehicle_kind, row.permit_kind) if row else ("car", "")
    granted = concessions or (restored_concessions(row.concessions) if row else [])
    return priced(tariffs, Asked(visit, kind, permit), granted)


def _tell(uow: UnitOfWork, row: SessionRow, template: str, key: str, amount_fen: int) -> None:
    lot = Lots(uow.conn, MACHINE).find(row.lot)
    names = lot.names if lot else {}
    message(
        uow,
        row.resident,
        template,
        f"/parking/sessions/{row.id}",
        key,
        lot=names.get("zh-CN", row.lot),
        lot_en=names.get("en", row.lot),
        plate=row.plate or "",
        amount=yuan(amount_fen),
        left=day_and_time(row.left_at or row.ended_by or uow.clock.now()),
    )


def _id(domain_id: str) -> str:
    return domain_id.removeprefix(PREFIX)


def _event(row: GateEventRow) -> GateEvent:
    return GateEvent(
        event_id=row.id,
        lot=row.lot,
        gate=row.gate,
        direction=Direction(row.direction),
        plate=row.plate_hash,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        confidence=row.confidence,
        reservation_token=row.reservation or None,
    )


def _session(row: SessionRow) -> Session:
    return Session(
        id=f"{PREFIX}{row.id}",
        plate=row.plate_hash,
        lot=row.lot,
        status=SessionStatus(row.status),
        entered_at=row.entered_at,
        left_at=row.left_at,
        ended_by=row.ended_by,
        event_ids=tuple(row.event_ids),
        review=frozenset(Review(each) for each in row.review),
    )


def record_of(row: SessionRow) -> SessionRecord:
    dispute = None
    if row.disputed_at is not None:
        outcome = DisputeOutcome(row.outcome) if row.outcome else None
        dispute = Dispute(row.dispute_reason or "", row.disputed_at, row.resolved_at, outcome)
    return SessionRecord(_session(row), row.charged_fen, dispute, row.void)


def _facts(record: SessionRecord) -> dict[str, Any]:
    session = record.session
    return {
        "lot": session.lot,
        "status": str(session.status),
        "entered_at": session.entered_at,
        "left_at": session.left_at,
        "ended_by": session.ended_by,
        "event_ids": list(session.event_ids),
        "review": sorted(str(each) for each in session.review),
        "void": record.void,
    }
