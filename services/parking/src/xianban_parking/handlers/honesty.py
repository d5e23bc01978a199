"""U10: what an operator claimed against what the gates saw, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.honesty import Honesty, Slot, honesty_of
from xianban_parking.handlers.counts import GATES
from xianban_parking.repository import MACHINE, Counts, GateEvents, Lots, Sessions
from xianban_parking.repository.rows import LotRow, ObservationRow
from xianban_parking.settings import rules

__all__ = ["score_lots"]

HOUR = timedelta(hours=1)


def score_lots(uow: UnitOfWork) -> int:
    """Scores every lot whose gates were heard in the period; the others stay unknown."""
    now = uow.clock.now().replace(minute=0, second=0, microsecond=0)
    start = now - timedelta(days=rules().honesty_days)
    lots = Lots(uow.conn, MACHINE)
    scored = 0
    for lot_id in GateEvents(uow.conn, MACHINE).lots_with_events(start):
        lot = lots.find(lot_id)
        if lot is None or lot.gate_counted or lot.capacity <= 0:
            continue
        result = _score(lot, start, now, uow)
        score = None if result.score is None else result.score / 100
        lots.put_honesty(lot_id, score, result.answered, uow.clock.now())
        scored += 1
    return scored


def _score(lot: LotRow, start: datetime, now: datetime, uow: UnitOfWork) -> Honesty:
    claims = [
        row
        for row in Counts(uow.conn, MACHINE).series(lot.id, start - HOUR, now)
        if row.feed != GATES
    ]
    stays = Sessions(uow.conn, MACHINE).during(lot.id, start, now)
    hours = int((now - start) / HOUR)
    return honesty_of([_slot(lot, start + step * HOUR, claims, stays) for step in range(hours)])


def _slot(
    lot: LotRow,
    at: datetime,
    claims: Sequence[ObservationRow],
    stays: Sequence[tuple[datetime, datetime | None]],
) -> Slot:
    inside = sum(entered <= at and (left is None or left > at) for entered, left in stays)
    told = [row for row in claims if at - HOUR < row.observed_at <= at]
    newest = max(told, key=lambda row: row.observed_at, default=None)
    return Slot(lot.capacity, _free(newest), max(0, lot.capacity - inside))


def _free(row: ObservationRow | None) -> int | None:
    if row is None or row.free is not None:
        return row.free if row else None
    return None if row.occupied is None else row.capacity - row.occupied
