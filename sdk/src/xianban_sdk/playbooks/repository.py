"""Playbooks and their runs in tables; what is seen of a run follows its alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, RowMapping, delete, insert, or_, select, true, update

from xianban_sdk import repository
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.alerts.tables import alert
from xianban_sdk.errors import NotFound
from xianban_sdk.playbooks.domain import Run, RunState, StepRun, StepState
from xianban_sdk.playbooks.tables import playbook as book_table
from xianban_sdk.playbooks.tables import playbook_run as run_table
from xianban_sdk.playbooks.tables import playbook_run_step as step_table
from xianban_sdk.playbooks.tables import playbook_source as source_table
from xianban_sdk.public.playbooks import Playbook, document_of, read_playbook
from xianban_sdk.storage.upsert import insert_new, upsert

__all__ = ["Known", "PlaybookRows", "RunRows", "SourceRow"]

_CHANGES: Final = (
    "state",
    "ended_at",
    "ended_by",
    "ended_by_display",
    "end_note",
    "version",
)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Who tells playbooks, and how it was when it was asked last."""

    id: str
    names: Mapping[str, str]
    read_at: datetime | None = None
    silent_since: datetime | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A playbook and who told it."""

    playbook: Playbook
    source: str


class PlaybookRows(repository.Repository):
    """What the district does about which alerts: nobody's data, the same for every scope."""

    def offered(self) -> list[Known]:
        """Those that may be started now."""
        query = select(book_table).where(book_table.c.offered.is_(True)).order_by(book_table.c.id)
        return [_known(row) for row in self.conn.execute(query).mappings()]

    def version(self, playbook_id: str, version: int) -> Known | None:
        """One that was told once."""
        query = select(book_table).where(
            book_table.c.id == playbook_id, book_table.c.version == version
        )
        row = self.conn.execute(query).mappings().first()
        return None if row is None else _known(row)

    def add(self, known: Known, at: datetime) -> None:
        """A version that was not known; of no use before it is offered."""
        found = known.playbook
        row = {
            "id": found.id,
            "version": found.version,
            "source": known.source,
            "document": orjson.dumps(document_of(found)).decode(),
            "offered": False,
            "read_at": at,
        }
        insert_new(self.conn, book_table, row)

    def offer(self, told: Collection[tuple[str, int]], sources: Collection[str]) -> None:
        """Of these sources exactly what they tell; of sources that are gone nothing."""
        keys = [_is(*one) for one in told]
        theirs = book_table.c.source.in_(sources)
        gone = book_table.c.source.not_in(select(source_table.c.id))
        self._mark(False, book_table.c.offered.is_(True), theirs | gone, ~or_(*keys, ~true()))
        if keys:
            self._mark(True, book_table.c.offered.is_(False), or_(*keys))

    def _mark(self, offered: bool, *which: ColumnElement[bool]) -> None:
        self.conn.execute(update(book_table).where(*which).values(offered=offered))

    def sources(self) -> list[SourceRow]:
        query = select(source_table).order_by(source_table.c.id)
        return [_source(row) for row in self.conn.execute(query).mappings()]

    def put_source(self, row: SourceRow) -> None:
        upsert(self.conn, source_table, _source_columns(row))

    def keep_sources(self, ids: Collection[str]) -> None:
        """Those of plugins that were taken away go."""
        self.conn.execute(delete(source_table).where(source_table.c.id.not_in(ids)))


class RunRows(repository.Repository):
    """Runs of alerts that the scope may see."""

    def visible(self) -> ColumnElement[bool]:
        """The narrowing of every query."""
        if self.unrestricted:
            return true()
        return run_table.c.alert.in_(
            select(alert.c.id).where(AlertRows(self.conn, self.scope).visible())
        )

    def get(self, alert_id: str, run_id: str) -> Run:
        """Locked; callers hold its alert. Raises NotFound."""
        found = self._runs(run_table.c.id == run_id, run_table.c.alert == alert_id, lock=True)
        if not found:
            raise NotFound("PLAYBOOK_RUN_NOT_FOUND", field="name")
        return found[0]

    def alert_of(self, run_id: str) -> str | None:
        """For timers, which know no alert."""
        query = select(run_table.c.alert).where(run_table.c.id == run_id, self.visible())
        return self.conn.scalar(query)

    def of(self, alert_id: str) -> list[Run]:
        """Newest first."""
        return self._runs(run_table.c.alert == alert_id)

    def running(self, alert_id: str) -> list[Run]:
        """Locked; callers hold the alert."""
        mine = (run_table.c.alert == alert_id, run_table.c.state == RunState.RUNNING)
        return self._runs(*mine, lock=True)

    def add(self, run: Run) -> bool:
        """False when the playbook runs for the alert already."""
        row = {
            "id": run.id,
            "alert": run.alert,
            "playbook": run.playbook.id,
            "playbook_version": run.playbook.version,
            "raised_at": run.raised_at,
            "started_at": run.started_at,
            "started_by": run.started_by,
            "started_by_display": run.started_by_display,
            **_changed(run),
        }
        if not insert_new(self.conn, run_table, row):
            return False
        self.conn.execute(insert(step_table), [_step_columns(run, one) for one in run.steps])
        return True

    def save(self, before: Run, after: Run) -> None:
        """Writes what changed; the row is locked by whoever read it."""
        self.conn.execute(
            update(run_table).where(run_table.c.id == after.id).values(**_changed(after))
        )
        for old, new in zip(before.steps, after.steps, strict=True):
            if old != new:
                upsert(self.conn, step_table, _step_columns(after, new))

    def _runs(self, *which: ColumnElement[bool], lock: bool = False) -> list[Run]:
        query = select(run_table).where(*which, self.visible()).order_by(run_table.c.id.desc())
        rows = self.conn.execute(query.with_for_update() if lock else query).mappings().all()
        return [self._run(row) for row in rows]

    def _run(self, row: RowMapping) -> Run:
        known = PlaybookRows(self.conn, self.scope).version(
            row["playbook"], row["playbook_version"]
        )
        if known is None:
            raise RuntimeError(f"run {row['id']}: its playbook is gone")
        query = select(step_table).where(step_table.c.run == row["id"])
        told = {one["step"]: one for one in self.conn.execute(query).mappings()}
        facts = {name: row[name] for name in ("id", "alert", "raised_at", "started_at")}
        return Run(
            playbook=known.playbook,
            steps=tuple(_step(one, told[one.id]) for one in known.playbook.steps),
            started_by=row["started_by"],
            started_by_display=row["started_by_display"],
            **facts,
            **{name: row[name] for name in _CHANGES if name != "state"},
            state=RunState(row["state"]),
        )


def _is(playbook_id: str, version: int) -> ColumnElement[bool]:
    return (book_table.c.id == playbook_id) & (book_table.c.version == version)


def _known(row: RowMapping) -> Known:
    return Known(read_playbook(orjson.loads(row["document"])), row["source"])


def _source(row: RowMapping) -> SourceRow:
    names, unread = orjson.loads(row["names"]), tuple(orjson.loads(row["unread"]))
    return SourceRow(row["id"], names, row["read_at"], row["silent_since"], unread)


def _source_columns(row: SourceRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "names": orjson.dumps(dict(row.names)).decode(),
        "read_at": row.read_at,
        "silent_since": row.silent_since,
        "unread": orjson.dumps(list(row.unread)).decode(),
    }


def _changed(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in _CHANGES}


def _step_columns(run: Run, one: StepRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "step": one.step.id,
        "state": one.state,
        "actor": one.by,
        "actor_display": one.by_display,
        "at": one.at,
        "note": one.note,
        "overdue_at": one.overdue_at,
    }


def _step(step: Any, row: RowMapping) -> StepRun:
    return StepRun(
        step=step,
        state=StepState(row["state"]),
        by=row["actor"],
        by_display=row["actor_display"],
        at=row["at"],
        note=row["note"],
        overdue_at=row["overdue_at"],
    )
