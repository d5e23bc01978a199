"""Taking readings in: each judged alone, all stored, ruled on and told in one transaction."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final, NamedTuple

from sqlalchemy import Connection
from xianban.common.v1 import readings_pb2 as pb

from xianban_sdk.readings.engine import Engine, RuleSource
from xianban_sdk.readings.facts import OnFacts
from xianban_sdk.readings.kinds import Kinds
from xianban_sdk.readings.reading import Flaw
from xianban_sdk.readings.rows import HOUR, SETTLE, Row, Rows, mark_late, store
from xianban_sdk.readings.rules import Rule
from xianban_sdk.readings.series import Key, Series, SeriesBook
from xianban_sdk.readings.verdicts import Clocks, flaw_of, jumps
from xianban_sdk.storage.encryption import installed_cipher
from xianban_sdk.storage.instant import from_micros, to_micros
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["POSITION", "Foreseen", "Ingest", "Rejection", "Taken", "no_rules"]

POSITION: Final = struct.Struct("<3d")
POSITION_CONTEXT: Final = b"reading.position"
_TEXTS: Final = (("device", 64), ("kind", 64), ("subject", 128))


@dataclass(frozen=True, slots=True)
class Rejection:
    """A reading that was refused: its place in the batch, the field and the reason."""

    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    stored: int
    duplicates: int
    rejections: tuple[Rejection, ...]


class Foreseen(NamedTuple):
    """What `take` will make of a number: its kind, instant, value in the kind's unit, and flaw."""

    subject: str
    kind: str
    at: int
    value: float | None
    flaw: Flaw


def no_rules(
    _conn: Connection, _wanted: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[Rule]]:
    """A rule source for services that only keep readings."""
    return {}


class Ingest:
    """One per service and database; safe to call from several threads.

    `on_facts` hears, inside the transaction, what rules found.
    """

    def __init__(
        self,
        kinds: Kinds,
        *,
        rules: RuleSource = no_rules,
        on_facts: OnFacts | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        self.kinds = kinds
        self._book = SeriesBook(kinds)
        self._engine = Engine(rules)
        self._on_facts = on_facts
        self._clocks = clocks or Clocks()

    def batch(self, request: pb.IngestBatchRequest, uow: UnitOfWork) -> pb.IngestBatchResponse:
        """`IngestService.IngestBatch`: the servicer gives `call.uow`; the chain answers repeats."""
        taken = self.take(request.readings, uow)
        return pb.IngestBatchResponse(
            stored=taken.stored,
            duplicates=taken.duplicates,
            rejections=[
                pb.ReadingRejection(index=one.index, field=one.field, reason=one.reason)
                for one in taken.rejections
            ],
        )

    def take(self, readings: Sequence[pb.RawReading], uow: UnitOfWork) -> Taken:
        """Store what holds, refuse the rest one by one.

        Raises Unavailable READINGS_NOT_KEPT where an erasure took series in between.
        """
        now = uow.clock.now()
        uow.arrived_at = _arrived(readings, now)
        keys = [(raw.device, raw.kind, raw.subject) for raw in readings]
        refused: dict[int, Rejection] = {}
        erasures = self._book.erasures(uow.conn)
        known = self._resolve(uow, keys, refused, erasures)
        rows = self._rows(readings, keys, known, refused, to_micros(now))
        newest = rows.newest(to_micros(now))
        stored = store(uow.conn, rows, newest)
        self._book.check(uow.conn, erasures)
        mark_late(uow.conn, rows, (to_micros(now) - SETTLE) // HOUR * HOUR)
        self._rule(uow, rows, now)
        uow.after_commit(lambda: _advance(rows.series, newest))
        return Taken(
            stored, len(rows.rows) - stored, tuple(refused[index] for index in sorted(refused))
        )

    def foresee(
        self, readings: Iterable[pb.RawReading], wanted: Collection[str], now: datetime
    ) -> list[Foreseen]:
        """The numbers of these kinds that `take` would keep, judged before a transaction opens.

        A jump is seen against what this process has committed; places are left out.
        """
        micros = to_micros(now)
        found = (self._foreseen(raw, micros) for raw in readings if raw.kind in wanted)
        return [one for one in found if one is not None]

    def _foreseen(self, raw: pb.RawReading, now: int) -> Foreseen | None:
        key = (raw.device, raw.kind, raw.subject)
        kind = self.kinds.get(raw.kind)
        if kind is None or kind.positional or (key not in self._book.known and self._wrong(key)):
            return None
        series = self._book.known.get(key) or Series(0, raw.device, kind, raw.subject)
        try:
            _, at, _, value, flaw, _, _ = self._row(raw, series, now)
        except _Refused:
            return None
        return Foreseen(key[2], key[1], at, value, Flaw(flaw))

    def _resolve(
        self, uow: UnitOfWork, keys: Sequence[Key], refused: dict[int, Rejection], erasures: int
    ) -> Mapping[Key, Series]:
        """The series of all keys that may have one; the bad ones' readings are refused."""
        known = self._book.known
        missing: set[Key] = set()
        for index, key in enumerate(keys):
            if key in known:
                continue
            flaw = self._wrong(key)
            if flaw:
                refused[index] = Rejection(index, *flaw)
            else:
                missing.add(key)
        if not missing:
            return known
        learnt = self._book.learn(uow.conn, missing)
        uow.after_commit(lambda: self._book.remember(learnt, erasures))
        return {key: learnt.get(key) or known[key] for key in keys if key in learnt or key in known}

    def _wrong(self, key: Key) -> tuple[str, str] | None:
        """(field, reason) of a device, kind or subject that can't be taken."""
        for value, (name, most) in zip(key, _TEXTS, strict=True):
            if not 0 < len(value) <= most or "\x00" in value:
                return name, "READING_NAME_INVALID"
        return None if self.kinds.get(key[1]) else ("kind", "READING_KIND_UNKNOWN")

    def _rows(
        self,
        readings: Sequence[pb.RawReading],
        keys: Sequence[Key],
        known: Mapping[Key, Series],
        refused: dict[int, Rejection],
        now: int,
    ) -> Rows:
        rows = Rows()
        for index, raw in enumerate(readings):
            if index in refused:
                continue
            series = known[keys[index]]
            try:
                rows.rows.append(self._row(raw, series, now))
            except _Refused as refusal:
                refused[index] = Rejection(index, *refusal.args)
            else:
                rows.series[series.id] = series
        return rows

    def _row(self, raw: pb.RawReading, series: Series, now: int) -> Row:
        received = min(raw.receive_micros or now, now)
        at, clock_wrong = self._placed(raw.observe_micros, received, now)
        value, flaw, position = _judged(raw, series, at)
        device_at = raw.observe_micros if clock_wrong else None
        return series.id, at, received, value, int(flaw), device_at, position

    def _placed(self, observed: int, received: int, now: int) -> tuple[int, bool]:
        if received < now - self._clocks.backlog_micros:
            raise _Refused("receive_micros", "READING_TOO_OLD")
        placed = self._clocks.effective(observed, received)
        if placed is None:
            raise _Refused("observe_micros", "READING_TOO_OLD")
        return placed

    def _rule(self, uow: UnitOfWork, rows: Rows, now: datetime) -> None:
        self._engine.prepare(uow.conn, rows.series.values(), now)
        facts = self._engine.judge(uow.conn, rows, now)
        if facts and self._on_facts is not None:
            self._on_facts(facts, uow)


def _arrived(readings: Sequence[pb.RawReading], now: datetime) -> datetime:
    """When the first of them reached the suite."""
    received = [raw.receive_micros for raw in readings if raw.receive_micros]
    return min(from_micros(min(received)), now) if received else now


class _Refused(Exception):
    """(field, reason) of a reading that is not taken."""


def _judged(raw: pb.RawReading, series: Series, at: int) -> tuple[float | None, Flaw, bytes | None]:
    """The value in the kind's unit, what is wrong with it, and the sealed place."""
    kind, given = series.kind, raw.value
    value = given if raw.unit == kind.unit else kind.in_unit(given, raw.unit)
    if value is None:
        raise _Refused("unit", "READING_UNIT_MISMATCH")
    if not kind.positional:
        flaw = _flaw(series, given, value, at)
        return value if isfinite(value) else None, flaw, None
    if not _possible(raw):
        raise _Refused("position", "READING_POSITION_INVALID")
    return 0.0, Flaw.NONE, _sealed(raw.position)


def _flaw(series: Series, given: float, value: float, at: int) -> Flaw:
    kind = series.kind
    if given in kind.not_measured:
        return Flaw.NOT_MEASURED
    flaw = flaw_of(kind, value)
    if flaw or not kind.max_change or not series.good_at:
        return flaw
    jumped = jumps(kind, value, at, series.good_value, series.good_at)
    return Flaw.JUMP if jumped else Flaw.NONE


def _possible(raw: pb.RawReading) -> bool:
    """Also false for NaN: no comparison with it holds."""
    place = raw.position
    return (
        raw.HasField("position")
        and -90 <= place.latitude <= 90
        and -180 <= place.longitude <= 180
        and 0 <= place.accuracy_m < float("inf")
    )


def _sealed(place: pb.Position) -> bytes:
    packed = POSITION.pack(place.latitude, place.longitude, place.accuracy_m)
    return installed_cipher().encrypt(packed, POSITION_CONTEXT)


def _advance(series: Mapping[int, Series], newest: Sequence[tuple[object, ...]]) -> None:
    """What is committed is what the next number is compared with."""
    for row in newest:
        number, good_at, good_value = row[0], row[7], row[8]
        one = series[int(str(number))]
        if isinstance(good_at, int) and isinstance(good_value, float) and good_at > one.good_at:
            one.good_at, one.good_value = good_at, good_value
