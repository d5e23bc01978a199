"""Sessions from gate events that are late, doubled, shuffled and lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xianban_parking.domain.errors import SessionError
from xianban_parking.domain.session_records import (
    AdjustmentKind,
    DisputeOutcome,
    SessionChanges,
    SessionRecord,
    apply_event,
    open_dispute,
    resolve_dispute,
    settle,
)
from xianban_parking.domain.sessions import (
    Direction,
    FoldPolicy,
    GateEvent,
    Review,
    Session,
    SessionStatus,
    billable_visit,
    fold_sessions,
    is_overdue,
)

T0 = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
POLICY = FoldPolicy()
IN, OUT = Direction.IN, Direction.OUT
NOW = T0 + timedelta(days=30)


def seen(event_id: str, direction: Direction, minute: float, lot: str = "a", **facts: object):
    at = T0 + timedelta(minutes=minute)
    event = GateEvent(event_id, lot, "g1", direction, "沪A12345", at, at + timedelta(seconds=2))
    return replace(event, **facts)


def charge(session: Session) -> int:
    visit = billable_visit(session, POLICY, NOW)
    return 0 if visit is None else visit.parked // timedelta(minutes=1) * 10


def statuses(events: Sequence[GateEvent]) -> list[tuple[str, str]]:
    return [(session.id, session.status) for session in fold_sessions(events, POLICY)]


def test_an_entry_and_an_exit_make_a_closed_session() -> None:
    (session,) = fold_sessions([seen("o", OUT, 30), seen("i", IN, 0)], POLICY)
    assert (session.id, session.status) == ("ses_i", SessionStatus.CLOSED)
    assert charge(session) == 300


def test_a_later_entry_anywhere_ends_a_session_whose_exit_was_lost() -> None:
    for lot in ("a", "b"):
        events = [seen("i1", IN, 0), seen("i2", IN, 3_000, lot)]
        lost, current = fold_sessions(events, POLICY)
        assert (lost.status, current.status) == ("exit_missing", "open")
        assert charge(lost) == 24 * 60 * 10, "a lost exit bills at most the published bound"


def test_an_exit_without_entry_is_kept_and_bills_nothing_by_default() -> None:
    (session,) = fold_sessions([seen("o", OUT, 0)], POLICY)
    assert session.status is SessionStatus.ENTRY_MISSING
    assert charge(session) == 0
    visit = billable_visit(session, FoldPolicy(entry_missing_bills=timedelta(hours=1)), NOW)
    assert visit is not None
    assert visit.parked == timedelta(hours=1)


def test_an_exit_elsewhere_means_the_exit_here_was_lost() -> None:
    events = [seen("i", IN, 0), seen("o", OUT, 60, "b")]
    assert statuses(events) == [("ses_i", "exit_missing"), ("ses_o", "entry_missing")]


def test_double_reads_are_one_passage() -> None:
    events = [seen("i1", IN, 0), seen("i2", IN, 0.5), seen("o1", OUT, 9), seen("o2", OUT, 9.9)]
    (session,) = fold_sessions(events, POLICY)
    assert session.event_ids == ("i1", "i2", "o1", "o2")


def test_an_unsure_reading_and_a_contradicting_repeat_ask_for_review() -> None:
    unsure = seen("i", IN, 0, confidence=400)
    repeat = replace(unsure, lot="b", received_at=unsure.received_at + timedelta(minutes=1))
    (session,) = fold_sessions([repeat, unsure], POLICY)
    assert session.lot == "a"
    assert session.review == {Review.LOW_CONFIDENCE, Review.EVENT_CONFLICT}


def test_an_open_session_grows_with_the_clock_and_becomes_overdue() -> None:
    (session,) = fold_sessions([seen("i", IN, 0)], POLICY)
    visit = billable_visit(session, POLICY, T0 + timedelta(hours=2))
    assert visit is not None
    assert visit.parked == timedelta(hours=2)
    assert is_overdue(session, T0 + timedelta(days=3), timedelta(days=2))
    assert not is_overdue(session, T0 + timedelta(days=1), timedelta(days=2))


# --- any arrival order ------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(st.sampled_from([IN, OUT]), st.integers(0, 600), st.sampled_from("ab")),
    max_size=8,
).map(lambda rows: [seen(f"e{i}", d, m / 2, lot) for i, (d, m, lot) in enumerate(rows)])


def oracle(events: Sequence[GateEvent]) -> list[tuple[str, str, int | None, int | None]]:
    """A plain story told from the sorted stream: rows of (lot, status, entered, left)."""
    rows: list[list[object]] = []
    inside: list[object] | None = None
    before: tuple[str, str, int] | None = None
    ordered = sorted(
        {e.event_id: e for e in events}.values(),
        key=lambda e: (e.occurred_at, e.direction == IN, e.event_id),
    )
    for event in ordered:
        second = (event.occurred_at - T0) // timedelta(seconds=1)
        if before and before[:2] == (event.lot, event.direction) and second - before[2] <= 60:
            continue
        before = (event.lot, event.direction, second)
        if event.direction == OUT and inside and inside[0] == event.lot:
            inside[1], inside[3], inside = "closed", second, None
            continue
        if inside:
            inside[1] = "exit_missing"
            inside = None
        entering = event.direction == IN
        rows.append(
            [
                event.lot,
                "open" if entering else "entry_missing",
                second if entering else None,
                None if entering else second,
            ]
        )
        inside = rows[-1] if entering else None
    return [tuple(row) for row in rows]


def second_of(at: datetime | None) -> int | None:
    return None if at is None else (at - T0) // timedelta(seconds=1)


@given(EVENTS, st.data())
def test_shuffled_doubled_and_lost_events_fold_as_the_sorted_story(
    events: list[GateEvent], data: st.DataObject
) -> None:
    kept = [event for event in events if data.draw(st.integers(0, 4)) > 0]
    doubled = kept + [event for event in kept if data.draw(st.booleans())]
    arrival = data.draw(st.permutations(doubled))
    folded = fold_sessions(arrival, POLICY)
    told = [(s.lot, str(s.status), second_of(s.entered_at), second_of(s.left_at)) for s in folded]
    assert told == oracle(kept)
    assert folded == fold_sessions(kept, POLICY)


class Store:
    """What a repository would hold for one plate."""

    def __init__(self) -> None:
        self.events: list[GateEvent] = []
        self.records: dict[str, SessionRecord] = {}
        self.paid = 0

    def arrive(self, event: GateEvent) -> SessionChanges:
        changes = apply_event(
            event,
            known_events=self.events,
            policy=POLICY,
            stored=list(self.records.values()),
            charge_of=charge,
        )
        self.events.append(event)
        for gone in changes.withdrawn:
            del self.records[gone]
        for record in changes.saved:
            self.records[record.session.id] = record
        self.paid += sum(adjustment.amount_fen for adjustment in changes.adjustments)
        return changes

    def settle(self, session_id: str) -> None:
        self.records[session_id] = settle(
            self.records[session_id], charge(self.records[session_id].session)
        )
        self.paid += self.records[session_id].charged_fen or 0


@given(EVENTS, st.randoms(use_true_random=False))
def test_storing_event_by_event_ends_where_the_fold_of_all_ends(
    events: list[GateEvent], random: object
) -> None:
    arrival = events + events[:3]
    random.shuffle(arrival)  # type: ignore[attr-defined]
    store = Store()
    for event in arrival:
        store.arrive(event)
    assert {r.session for r in store.records.values()} == set(fold_sessions(events, POLICY))


@settings(max_examples=150)
@given(EVENTS, st.data())
def test_charges_plus_adjustments_always_equal_what_the_latest_facts_cost(
    events: list[GateEvent], data: st.DataObject
) -> None:
    store = Store()
    receipts: set[str] = set()
    for event in data.draw(st.permutations(events)):
        store.arrive(event)
        open_ids = sorted(k for k, r in store.records.items() if r.charged_fen is None)
        if open_ids and data.draw(st.booleans()):
            chosen = data.draw(st.sampled_from(open_ids))
            store.settle(chosen)
            receipts.add(chosen)
        charged = [r for r in store.records.values() if r.charged_fen is not None]
        assert store.paid == sum(r.charged_fen or 0 for r in charged)
        assert receipts == {r.session.id for r in charged}, "a receipt's id never disappears"
        live = {s.event_ids: s for s in fold_sessions(store.events, POLICY)}
        for record in charged:
            facts = live.get(record.session.event_ids)
            gone = facts is None
            assert record.charged_fen == (0 if gone else charge(record.session))


def test_a_late_exit_after_payment_gives_a_refund_not_a_rewrite() -> None:
    store = Store()
    store.arrive(seen("i1", IN, 0))
    store.arrive(seen("i2", IN, 600))
    store.settle("ses_i1")
    assert store.paid == 6_000
    changes = store.arrive(seen("o1", OUT, 60))
    (adjustment,) = changes.adjustments
    assert (adjustment.kind, adjustment.amount_fen) == (AdjustmentKind.REFUND, -5_400)
    assert adjustment.before.status is SessionStatus.EXIT_MISSING
    assert adjustment.after is not None
    assert adjustment.after.status is SessionStatus.CLOSED
    assert store.arrive(seen("o1", OUT, 60)) == SessionChanges()


def test_an_earlier_double_read_keeps_the_receipt_number_of_a_paid_session() -> None:
    store = Store()
    store.arrive(seen("i2", IN, 0.5))
    store.arrive(seen("o", OUT, 60))
    store.settle("ses_i2")
    (adjustment,) = store.arrive(seen("i1", IN, 0)).adjustments
    assert adjustment.session_id == "ses_i2"
    assert list(store.records) == ["ses_i2"]


def test_a_dispute_is_opened_once_and_resolved_with_a_correction() -> None:
    (session,) = fold_sessions([seen("i", IN, 0), seen("o", OUT, 30)], POLICY)
    record = open_dispute(settle(SessionRecord(session), 300), "was not there", NOW)
    assert record.disputed
    with pytest.raises(SessionError, match="DISPUTE_ALREADY_OPEN"):
        open_dispute(record, "again", NOW)
    resolved, adjustment = resolve_dispute(record, DisputeOutcome.UPHELD, NOW, corrected_fen=100)
    assert adjustment is not None
    assert (adjustment.kind, adjustment.amount_fen) == (AdjustmentKind.REFUND, -200)
    assert (resolved.charged_fen, resolved.disputed) == (100, False)
    with pytest.raises(SessionError, match="NO_OPEN_DISPUTE"):
        resolve_dispute(resolved, DisputeOutcome.DISMISSED, NOW)
    with pytest.raises(SessionError, match="ALREADY_CHARGED"):
        settle(resolved, 1)


def test_events_of_two_plates_are_not_mixed() -> None:
    other = seen("x", IN, 0, plate="沪B12345")
    with pytest.raises(SessionError, match="PLATES_MIXED"):
        apply_event(
            other, known_events=[seen("i", IN, 0)], stored=[], policy=POLICY, charge_of=charge
        )
