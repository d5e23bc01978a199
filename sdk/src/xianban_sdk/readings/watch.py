"""Watching that devices speak: a row per device, looked at only when its silence would be due."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import structlog
from sqlalchemy import Connection, bindparam, delete, func, select, update
from xianban.common.v1 import readings_pb2 as pb

from xianban_sdk.clock import Clock
from xianban_sdk.ids import Ids
from xianban_sdk.readings.facts import Cleared, Fact, OnFacts, Raised, Reason
from xianban_sdk.readings.kinds import Kind, Kinds
from xianban_sdk.readings.series import ensure
from xianban_sdk.readings.silence import Policy, Promise, Told, Watch, check
from xianban_sdk.readings.tables import device_watch, reading_latest
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.instant import from_micros, to_micros
from xianban_sdk.storage.locks import try_lock
from xianban_sdk.storage.unit_of_work import UnitOfWork, open_unit_of_work
from xianban_sdk.storage.upsert import upsert

__all__ = ["RULE", "DeviceWatch", "bound", "unbound"]

RULE: Final = "device-silent"
_t = device_watch
_MICRO: Final = timedelta(microseconds=1)
_AT_ONCE: Final = 200
_LOOK_SECONDS: Final = 1.0
# A clock that is slewed drifts less than this between two looks; more is a step.
_STEP_SECONDS: Final = 5.0
# A step is noticed within this, in microseconds.
_SETTING: Final = 1_500_000
_INSTANTS: Final = ("next_due", "bound_at", "silent_since", "told_at")
_SHORTEST: Final = timedelta(minutes=1)
_log = structlog.get_logger("xianban.readings")

_DUE: Final = (
    select(_t)
    .where(_t.c.next_due <= bindparam("now"))
    .order_by(_t.c.next_due)
    .limit(_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_MOVE: Final = (
    update(_t)
    .where(_t.c.device_key == bindparam("of"))
    .values(next_due=bindparam("due"), silent_since=bindparam("since"), told_at=bindparam("told"))
)


def bound(event: pb.DeviceBound, kinds: Kinds, *, uow: UnitOfWork, on_facts: OnFacts) -> None:
    """On DeviceBound: watch what the device promised; a binding older than the known is ignored."""
    at = to_micros(event.bind_time.ToDatetime(UTC))
    row = _row(uow.conn, event.device)
    if row is not None and row.bound_at > at:
        return
    if row is not None and row.subject != event.subject:
        _over(row, uow, on_facts)
    promises = _promises(uow.conn, event, kinds)
    due = min((one.silent_after for one in promises.values()), default=timedelta(days=1) // _MICRO)
    standing = row if row is not None and row.subject == event.subject else None
    upsert(
        uow.conn,
        _t,
        {
            "device_key": keyed_hash(event.device),
            "subject_key": keyed_hash(event.subject),
            "device": event.device,
            "subject": event.subject,
            "promises": orjson.dumps({kind: asdict(one) for kind, one in promises.items()}),
            "bound_at": at,
            "next_due": max(at, to_micros(uow.clock.now())) + due,
            "silent_since": standing.silent_since if standing else None,
            "told_at": standing.told_at if standing else None,
        },
    )


def unbound(event: pb.DeviceUnbound, *, uow: UnitOfWork, on_facts: OnFacts) -> None:
    """On DeviceUnbound: nobody waits for it any more; its silence, if told, is over."""
    row = _row(uow.conn, event.device)
    if row is None or row.subject != event.subject:
        return
    if row.bound_at > to_micros(event.unbind_time.ToDatetime(UTC)):
        return
    _over(row, uow, on_facts)
    uow.conn.execute(delete(_t).where(_t.c.device_key == row.device_key))


class DeviceWatch:
    """Looks at what is due; `loops=(watch.run, …)`. One process per database does it at a time."""

    def __init__(
        self,
        db: Database,
        on_facts: OnFacts,
        *,
        clock: Clock,
        ids: Ids,
        policy: Policy | None = None,
    ) -> None:
        self._db = db
        self._on_facts = on_facts
        self._clock = clock
        self._ids = ids
        self._policy = policy or Policy()
        self._offset: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; begins after the policy's `settle`."""
        while not stop.is_set():
            with try_lock(self._db, "readings-watch") as still_held:
                if still_held is not None and not stop.wait(self._policy.settle.total_seconds()):
                    self._keep_looking(stop, still_held)
            stop.wait(_LOOK_SECONDS)

    def _keep_looking(self, stop: threading.Event, still_held: Any) -> None:
        while not stop.is_set():
            still_held()
            try:
                self.notice_step(time.monotonic())
                while self.look() == _AT_ONCE and not stop.is_set():
                    pass
            except Exception:
                _log.exception("watch_failed", service=self._db.owner)
            stop.wait(_LOOK_SECONDS)

    def notice_step(self, monotonic: float) -> None:
        """Tell a set clock from time that has passed, by a clock that nobody sets."""
        now = self._clock.now()
        offset = now.timestamp() - monotonic
        before, self._offset = self._offset, offset
        if before is None or abs(offset - before) < _STEP_SECONDS:
            return
        _log.warning("clock_stepped", service=self._db.owner, seconds=offset - before)
        self._restamp(to_micros(now), round((offset - before) * 1_000_000))

    def _restamp(self, now: int, delta: int) -> None:
        """Move what the old clock wrote onto the new one; what the new one wrote since stays."""
        old = now - delta
        heard = reading_latest.c.heard_at
        ours = heard <= old if delta > 0 else ~heard.between(now - _SETTING, now)
        moved = {name: _t.c[name] + delta for name in _INSTANTS}
        with self._db.begin() as conn:
            conn.execute(update(reading_latest).where(ours).values(heard_at=heard + delta))
            conn.execute(update(_t).values(moved))

    def look(self) -> int:
        """Look at the devices that are due, up to a number; returns how many it were."""
        now = to_micros(self._clock.now())
        with open_unit_of_work(self._db, clock=self._clock, ids=self._ids) as uow:
            rows = uow.conn.execute(_DUE, {"now": now}).all()
            if not rows:
                return 0
            facts, moves = self._check(uow.conn, rows, now)
            uow.conn.execute(_MOVE, moves)
            if facts:
                self._on_facts(facts, uow)
        return len(rows)

    def _check(
        self, conn: Connection, rows: Sequence[Any], now: int
    ) -> tuple[list[Fact], list[dict[str, Any]]]:
        watches = {row.device_key: _watch(row) for row in rows}
        heard = self._heard(conn, watches, now)
        alive = self._link(conn, now)
        facts: list[Fact] = []
        moves: list[dict[str, Any]] = []
        for row in rows:
            after, due, told = check(
                watches[row.device_key], heard[row.device_key], now, self._policy, alive
            )
            moves.append(
                {
                    "of": row.device_key,
                    "due": due,
                    "since": after.silent_since,
                    "told": after.told_at,
                }
            )
            if told is not None:
                facts.append(self._fact(row, after, told))
        return facts, moves

    def _heard(
        self, conn: Connection, watches: Mapping[str, Watch], now: int
    ) -> dict[str, dict[str, int]]:
        numbers = [one.series for w in watches.values() for one in w.promises.values()]
        latest = reading_latest.c
        query = select(latest.series, latest.heard_at).where(latest.series.in_(numbers))
        found = {row.series: min(row.heard_at, now) for row in conn.execute(query)}
        return {
            key: {k: found[p.series] for k, p in watch.promises.items() if p.series in found}
            for key, watch in watches.items()
        }

    def _link(self, conn: Connection, now: int) -> Any:
        """Whether anybody was heard since an instant; read at most once per look."""
        newest: list[int] = []

        def heard_since(instant: int) -> bool:
            if not newest:
                found = conn.scalar(select(func.max(reading_latest.c.heard_at))) or 0
                newest.append(min(found, now))
            return newest[0] >= instant

        return heard_since

    def _fact(self, row: Any, watch: Watch, told: Told) -> Fact:
        if not told.raised:
            return _cleared(row, from_micros(told.at))
        minutes = {kind: str((told.at - last) // 60_000_000) for kind, last in told.silent.items()}
        return Raised(
            rule=RULE,
            subject=row.subject,
            device=row.device,
            kind="",
            severity=self._policy.severity,
            since=from_micros(watch.silent_since or told.at),
            reasons=tuple(
                Reason(
                    f"reason-{RULE}", {"kind": kind, "minutes": minutes[kind]}, from_micros(last)
                )
                for kind, last in sorted(told.silent.items())
            ),
            again=told.again,
        )


def _cleared(row: Any, at: datetime) -> Cleared:
    return Cleared(
        rule=RULE,
        subject=row.subject,
        device=row.device,
        kind="",
        at=at,
        reasons=(Reason(f"reason-{RULE}-over", {}, at),),
    )


def _over(row: Any, uow: UnitOfWork, on_facts: OnFacts) -> None:
    if row.silent_since is not None:
        on_facts([_cleared(row, uow.clock.now())], uow)


def _row(conn: Connection, device: str) -> Any:
    query = select(_t).where(_t.c.device_key == keyed_hash(device)).with_for_update()
    return conn.execute(query).one_or_none()


def _watch(row: Any) -> Watch:
    promises = {kind: Promise(**one) for kind, one in orjson.loads(row.promises).items()}
    return Watch(row.bound_at, promises, row.silent_since, row.told_at)


def _promises(conn: Connection, event: pb.DeviceBound, kinds: Kinds) -> dict[str, Promise]:
    """Of kinds that are taken and that come by the clock."""
    spans: dict[str, int] = {}
    for one in event.promises:
        kind = kinds.get(one.kind)
        if kind is not None and one.cadence_seconds > 0:
            spans[one.kind] = _silent_after(kind, timedelta(seconds=one.cadence_seconds))
    rows = ensure(conn, [(event.device, kind, event.subject) for kind in spans])
    return {key[1]: Promise(row.id, spans[key[1]]) for key, row in rows.items()}


def _silent_after(kind: Kind, cadence: timedelta) -> int:
    """A device that promised to speak less often than the kind's usual is given longer."""
    return max(kind.silent_after * (cadence / kind.cadence), _SHORTEST) // _MICRO
