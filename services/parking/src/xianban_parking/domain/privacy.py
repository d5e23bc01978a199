"""Plate privacy (P11): after the retention time only a keyed hash of the plate remains.

The hash is keyed and per lot, so that equal plates can still be found by plate + place (for
enforcement) but the rows of one vehicle can't be joined across lots. Open arrears or a dispute
keep the plate readable until they are closed, then the clock counts on from that day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import MeasureError
from xianban_parking.domain.gate_tokens import KeyedHash

__all__ = ["PlateRecord", "RetentionPolicy", "due_for_hashing", "hash_plate", "lookup_hash"]


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long plates stay readable after a session ended."""

    readable_for: timedelta = timedelta(days=30)
    after_claim_closed: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if min(self.readable_for, self.after_claim_closed) < timedelta():
            raise MeasureError("OUT_OF_RANGE", "readable_for")


@dataclass(frozen=True, slots=True)
class PlateRecord:
    """One stored plate; exactly one of `plate` and `plate_hash` is set."""

    id: str
    lot: str
    plate: str | None
    ended_at: datetime | None
    claim_open: bool = False
    claim_closed_at: datetime | None = None
    plate_hash: str | None = None


def due_for_hashing(
    records: Iterable[PlateRecord], policy: RetentionPolicy, now: datetime
) -> tuple[str, ...]:
    """Ids whose plate must be hashed now; running it again on the result finds none of them."""
    at = as_utc(now, "now")
    return tuple(record.id for record in records if _is_due(record, policy, at))


def hash_plate(record: PlateRecord, keyed_hash: KeyedHash) -> PlateRecord:
    """The record without its plate; a record already hashed is left as it is."""
    if record.plate is None:
        return record
    return replace(record, plate=None, plate_hash=lookup_hash(record.lot, record.plate, keyed_hash))


def lookup_hash(lot: str, plate: str, keyed_hash: KeyedHash) -> str:
    """What to look for when an officer asks for a plate at a place."""
    return keyed_hash(f"{lot}|{plate}")


def _is_due(record: PlateRecord, policy: RetentionPolicy, now: datetime) -> bool:
    if record.plate is None or record.ended_at is None or record.claim_open:
        return False
    due = record.ended_at + policy.readable_for
    if record.claim_closed_at is not None:
        due = max(due, record.claim_closed_at + policy.after_claim_closed)
    return now >= due
