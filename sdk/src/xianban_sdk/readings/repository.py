"""Readings of a subject, for whoever may see that subject."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, tuple_

from xianban_sdk.readings.ingest import POSITION, POSITION_CONTEXT
from xianban_sdk.readings.kinds import Kind, Kinds
from xianban_sdk.readings.reading import Flaw, Place, Reading, Silence
from xianban_sdk.readings.tables import reading, reading_hour, reading_latest, reading_series
from xianban_sdk.repository import Page, Repository, Scope
from xianban_sdk.storage.encryption import installed_cipher, keyed_hash
from xianban_sdk.storage.instant import from_micros, to_micros

__all__ = ["Hour", "Readings"]

_RESIDENTS: Final = "residents/"


@dataclass(frozen=True, slots=True)
class Hour:
    """What was believed in one hour, in the kind's unit; of an hour that is long over."""

    begin: datetime
    low: float
    mean: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class _Series:
    id: int
    device: str
    subject: str
    kind: Kind


class Readings(Repository):
    """Narrowed to the resident of the scope, and to `also`: subjects that the domain found to be
    within it, e.g. the resident's home. Of anybody else there is nothing."""

    def __init__(
        self, conn: Connection, scope: Scope, kinds: Kinds, also: Collection[str] = ()
    ) -> None:
        super().__init__(conn, scope)
        self._kinds = kinds
        self._also = frozenset(also)

    def latest(self, subject: str) -> list[Reading]:
        """The newest of each kind and device; kinds that never came are not among them."""
        series = {one.id: one for one in self._series(subject)}
        query = select(reading_latest).where(reading_latest.c.series.in_(series))
        rows = self.conn.execute(query).mappings() if series else ()
        return [_reading(row, series[row["series"]]) for row in rows]

    def present(self, subject: str, kinds: Iterable[str]) -> list[Reading | Silence]:
        """One answer per kind: the newest of any device, or silence."""
        newest: dict[str, Reading] = {}
        for one in sorted(self.latest(subject), key=lambda found: found.observed_at):
            newest[one.kind.code] = one
        return [newest.get(code) or Silence(self._kinds[code]) for code in kinds]

    def history(
        self, subject: str, kind: str, start: datetime, end: datetime, page: Page
    ) -> tuple[list[Reading], str]:
        """Readings observed from `start` until before `end`, oldest first, and the next page's
        token; make `page` with subject, kind, start and end as its question."""
        series = {one.id: one for one in self._series(subject, kind)}
        if not series:
            return [], ""
        place = tuple_(reading.c.at, reading.c.series)
        query = select(reading).where(
            reading.c.series.in_(series),
            reading.c.at >= to_micros(start),
            reading.c.at < to_micros(end),
        )
        if page.after is not None:
            query = query.where(place > tuple_(*page.after))
        ordered = query.order_by(reading.c.at, reading.c.series).limit(page.size + 1)
        rows = self.conn.execute(ordered).mappings().all()
        shown = [_reading(row, series[row["series"]]) for row in rows[: page.size]]
        if len(rows) <= page.size:
            return shown, ""
        last = rows[page.size - 1]
        return shown, page.token([last["at"], last["series"]])

    def hours(self, subject: str, kind: str, start: datetime, end: datetime) -> list[Hour]:
        """The sums of whole hours from `start` until before `end`; devices are taken together."""
        series = [one.id for one in self._series(subject, kind)]
        query = (
            select(reading_hour)
            .where(
                reading_hour.c.series.in_(series),
                reading_hour.c.hour >= to_micros(start),
                reading_hour.c.hour < to_micros(end),
            )
            .order_by(reading_hour.c.hour)
        )
        joined: dict[int, Hour] = {}
        for row in self.conn.execute(query):
            joined[row.hour] = _joined(joined.get(row.hour), row)
        return list(joined.values())

    def _series(self, subject: str, kind: str | None = None) -> list[_Series]:
        if not self._may_see(subject):
            return []
        query = select(reading_series).where(reading_series.c.subject_key == keyed_hash(subject))
        if kind is not None:
            query = query.where(reading_series.c.kind == kind)
        rows = self.conn.execute(query)
        found = ((row, self._kinds.get(row.kind)) for row in rows)
        return [_Series(row.id, row.device, row.subject, kind) for row, kind in found if kind]

    def _may_see(self, subject: str) -> bool:
        if self.unrestricted or subject in self._also:
            return True
        return self.scope.subject is not None and subject == _RESIDENTS + self.scope.subject


def _reading(row: RowMapping, series: _Series) -> Reading:
    flaw, good_at = Flaw(row["flaw"]), row.get("good_at")
    if not flaw:
        good_at = max(good_at or 0, row["at"])
    return Reading(
        kind=series.kind,
        device=series.device,
        subject=series.subject,
        observed_at=from_micros(row["at"]),
        received_at=from_micros(row["received_at"]),
        flaw=flaw,
        clock_wrong=row["device_at"] is not None,
        last_good_at=from_micros(good_at) if good_at else None,
        heard_at=from_micros(row.get("heard_at", row["received_at"])),
        _value=row["value"] if row["value"] is not None else float("nan"),
        _place=_place(row["position"]),
    )


def _place(sealed: bytes | None) -> Place | None:
    if sealed is None:
        return None
    return Place(*POSITION.unpack(installed_cipher().decrypt(bytes(sealed), POSITION_CONTEXT)))


def _joined(one: Hour | None, row: Any) -> Hour:
    if one is None:
        return Hour(from_micros(row.hour), row.low, row.mean, row.high, row.count)
    count = one.count + row.count
    mean = (one.mean * one.count + row.mean * row.count) / count
    return Hour(one.begin, min(one.low, row.low), mean, max(one.high, row.high), count)
