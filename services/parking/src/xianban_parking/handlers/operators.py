"""What operators do: counts by hand, tariffs, revenue, looking a plate up at one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from xianban.parking.v1 import events_pb2
from xianban_sdk.clock import SHANGHAI, local_day
from xianban_sdk.errors import FailedPrecondition, InvalidArgument
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import stamp

from xianban_parking.domain.ledger import Account
from xianban_parking.domain.tariff import tariff_from_dict
from xianban_parking.errors import refusals
from xianban_parking.handlers.counts import announce
from xianban_parking.handlers.plates import aged_hash, read_plate
from xianban_parking.repository import (
    MACHINE,
    Counts,
    Ledger,
    Lots,
    Permits,
    Reservations,
    Scope,
    Sessions,
    Vehicles,
)
from xianban_parking.repository.rows import LotRow, TariffRow

__all__ = [
    "OVERRIDE_END",
    "Day",
    "PlateFacts",
    "clear_override",
    "look_up",
    "override",
    "put_tariff",
    "revenue",
]

OVERRIDE_END = "override-end"
LONGEST_REVENUE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's money, from the ledger."""

    date: str
    charged_fen: int = 0
    collected_fen: int = 0
    refunded_fen: int = 0
    concessions_fen: int = 0
    stays: int = 0


@dataclass(frozen=True, slots=True)
class PlateFacts:
    """What holds for a plate at one place now."""

    inside: bool
    permit: bool
    reservation: bool
    due_fen: int


def override(
    lot_id: str, free: int, minutes: int, reason: str, *, scope: Scope, uow: UnitOfWork
) -> LotRow:
    """A count by hand, for a while; "full" moves reservations that begin meanwhile."""
    lot = Lots(uow.conn, scope).managed(lot_id, locked=True)
    if free > lot.capacity:
        raise InvalidArgument("FREE_OVER_CAPACITY", field="free", capacity=lot.capacity)
    now = uow.clock.now()
    until = now + timedelta(minutes=minutes)
    values = {
        "override_free": free,
        "override_at": now,
        "override_until": until,
        "override_reason": reason,
    }
    _put_override(lot, values, uow)
    uow.schedule(OVERRIDE_END, lot.id, until)
    told = events_pb2.LotOverridden(lot=f"lots/{lot.id}", free=free, end_time=stamp(until))
    uow.emit(told, aggregate=f"lots/{lot.id}")
    uow.audit("OverrideOccupancy", "", basis=f"lots/{lot.id}: {reason}"[:200])
    return lot


def clear_override(lot_id: str, *, scope: Scope, uow: UnitOfWork) -> LotRow:
    """The feed's own count is shown again."""
    lot = Lots(uow.conn, scope).managed(lot_id, locked=True)
    uow.cancel(OVERRIDE_END, lot.id)
    empty = {"override_free": None, "override_at": None, "override_until": None}
    _put_override(lot, {**empty, "override_reason": ""}, uow)
    return lot


def put_tariff(
    lot_id: str, data: dict[str, Any], effective: datetime, *, scope: Scope, uow: UnitOfWork
) -> TariffRow:
    """A new version; stays that began before keep theirs."""
    lots = Lots(uow.conn, scope)
    lot = lots.managed(lot_id, locked=True)
    now = uow.clock.now()
    if effective < now - timedelta(minutes=1):
        raise InvalidArgument("TARIFF_IN_THE_PAST", field="effective_time")
    version = max((row.version for row in lots.tariffs(lot.id)), default=0) + 1
    rest = {key: value for key, value in data.items() if key not in HEAD}
    head = {"id": lot.id, "version": version, "effective_from": effective.isoformat()}
    with refusals():
        tariff_from_dict({**rest, **head})
    row = TariffRow(lot.id, version, effective, rest)
    if not lots.add_tariff(row):
        raise FailedPrecondition("TARIFF_VERSION_TAKEN", field="rules")
    uow.audit("UpdateTariff", "", basis=f"lots/{lot.id} v{version}")
    return row


def revenue(
    lot_id: str, first: str, last: str, *, scope: Scope, uow: UnitOfWork
) -> tuple[list[Day], int]:
    """Each day's money and what is still owed, for a lot of the caller's areas."""
    lot = Lots(uow.conn, scope).managed(lot_id)
    start, end = _day(first, "start_date"), _day(last, "end_date")
    if not start <= end < date.max or end - start > LONGEST_REVENUE:
        raise InvalidArgument("PERIOD_INVALID", field="end_date", days=LONGEST_REVENUE.days)
    begin, stop = _midnight(start), _midnight(end + timedelta(days=1))
    entries = Ledger(uow.conn, scope).of_lot(lot.id, begin, stop)
    return _days(entries), Sessions(uow.conn, scope).arrears_total(lot.id)


def look_up(
    lot_id: str, raw_plate: str, reason: str, basis: str, *, scope: Scope, uow: UnitOfWork
) -> PlateFacts:
    """What holds for one plate at one place; the look itself is recorded for its holder to see."""
    lot = Lots(uow.conn, scope).managed(lot_id)
    plate = read_plate(raw_plate)
    holder = Vehicles(uow.conn, MACHINE).holder(plate.hash)
    uow.audit("LookUpPlate", holder.resident if holder else "", basis=f"{basis}: {reason}"[:200])
    sessions, now = Sessions(uow.conn, MACHINE), uow.clock.now()
    due = sessions.due_at(lot.id, plate.hash) + sessions.due_at(
        lot.id, aged_hash(lot.id, plate.hash)
    )
    return PlateFacts(
        inside=sessions.open_at(lot.id, plate.hash) is not None,
        permit=Permits(uow.conn, MACHINE).in_force(lot.id, plate.hash, now) is not None,
        reservation=bool(Reservations(uow.conn, MACHINE).at_gate(lot.id, plate.hash)),
        due_fen=due,
    )


HEAD = frozenset({"id", "version", "effective_from"})


def _put_override(lot: LotRow, values: dict[str, Any], uow: UnitOfWork) -> None:
    counts = Counts(uow.conn, MACHINE)
    counts.keep(lot.id, **values)
    announce(uow, lot, counts.of([lot.id])[lot.id])


def _days(entries: Iterable[tuple[Any, ...]]) -> list[Day]:
    sums: dict[str, dict[str, int]] = {}
    for posted_at, kind, account, amount in entries:
        day = sums.setdefault(local_day(posted_at).isoformat(), {})
        for name, value in _parts(kind, account, amount):
            day[name] = day.get(name, 0) + value
    return [Day(name, **parts) for name, parts in sorted(sums.items())]


def _parts(kind: str, account: str, amount: int) -> list[tuple[str, int]]:
    if kind in ("charge", "adjustment") and account == Account.RECEIVABLE:
        stays = [("stays", 1)] if kind == "charge" else []
        return [("charged_fen", amount), *stays]
    if kind == "capture" and account == Account.CLEARING:
        return [("collected_fen", amount)]
    if kind == "refund" and account == Account.CLEARING:
        return [("refunded_fen", -amount)]
    if account == Account.CONCESSIONS:
        return [("concessions_fen", amount)]
    return []


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidArgument("DATE_INVALID", field=field) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
