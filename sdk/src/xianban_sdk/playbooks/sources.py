"""Reads what the plugins' sources tell, outside any transaction, and keeps it for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Final, cast

import structlog

from xianban_sdk.playbooks.repository import Known, PlaybookRows, SourceRow
from xianban_sdk.plugins import Hooks
from xianban_sdk.public.playbooks import (
    Playbook,
    PlaybookRefused,
    PlaybookSource,
    PlaybookUnread,
    document_of,
    read_playbook,
)
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import CallInfo, UnitOfWork, open_unit_of_work
from xianban_sdk.storage.locks import try_lock

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["HOOK", "keep_playbooks", "read_sources"]

HOOK: Final = "register_playbook"
_log = structlog.get_logger("xianban.playbooks")
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_EVERY_SECONDS: Final = 60.0
_SECONDS: Final = 15.0
_MOST: Final = 500
_MOST_UNREAD: Final = 50


@dataclass(frozen=True, slots=True)
class Told:
    """What one source said; `playbooks` None: nothing, it is silent."""

    source: SourceRow
    playbooks: Sequence[Playbook] | None
    unread: list[str] = field(default_factory=list[str])


def keep_playbooks(resources: Resources, stop: Event) -> None:
    """For ``Service(loops=…)``: at once, then every minute, by one process."""
    while not stop.is_set():
        with try_lock(resources.db, "playbooks") as held:
            if held is not None:
                _try(resources)
        stop.wait(_EVERY_SECONDS)


def _try(resources: Resources) -> None:
    try:
        read_sources(resources)
    except Exception:
        _log.exception("playbooks_not_read")


def read_sources(resources: Resources) -> None:
    """Asks every source, then writes in one transaction."""
    now = resources.clock.now()
    told = list(_asked(resources.hooks, now))
    call = CallInfo(actor=f"workload:{resources.db.owner}")
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids, call=call)
    with opened as uow:
        _keep(told, now, uow)


def _asked(hooks: Hooks, now: datetime) -> Iterator[Told]:
    known: set[str] = set()
    for plugin, source in _sources(hooks):
        row = SourceRow(source.id, dict(source.names))
        if not _ID.fullmatch(row.id) or row.id in known:
            _log.error("playbook_source_refused", plugin=plugin, source=row.id[:60])
            continue
        known.add(row.id)
        answer = hooks.run(plugin, "playbook_source.read", _reading(source, now), _SECONDS)
        if answer.error is not None:
            yield Told(row, None)
            continue
        unread: list[str] = []
        yield Told(row, list(_checked(answer.value or (), unread)), unread)


def _sources(hooks: Hooks) -> Iterator[tuple[str, PlaybookSource]]:
    for result in hooks.registered(HOOK):
        for source in result.value or ():
            yield result.plugin, source


def _reading(source: PlaybookSource, now: datetime) -> Callable[[], list[object]]:
    return lambda: cast("list[object]", source.read(now))[: _MOST + 1]


def _checked(told: Iterable[object], unread: list[str]) -> Iterator[Playbook]:
    """A plugin may say anything: what is no playbook by our own reading is none."""
    known: set[str] = set()
    for place, one in enumerate(told):
        named = str(getattr(one, "id", getattr(one, "document", place)))[:60]
        try:
            if place >= _MOST:
                raise PlaybookRefused("", f"MORE_THAN_{_MOST}")
            found = _read(one)
            if found.id in known:
                raise PlaybookRefused("id", "TWICE")
        except PlaybookRefused as refused:
            unread.append(f"{named}: {refused}"[:200])
            continue
        known.add(found.id)
        yield found


def _read(one: object) -> Playbook:
    if isinstance(one, PlaybookUnread):
        raise PlaybookRefused(one.field, one.reason)
    if not isinstance(one, Playbook):
        raise PlaybookRefused("playbook", "NO_PLAYBOOK")
    try:
        return read_playbook(document_of(one))
    except PlaybookRefused:
        raise
    except Exception as error:
        raise PlaybookRefused("playbook", type(error).__name__) from None


def _keep(told: Sequence[Told], now: datetime, uow: UnitOfWork) -> None:
    rows = PlaybookRows(uow.conn, MachineScope("playbooks"))
    before = {one.id: one for one in rows.sources()}
    rows.keep_sources([one.source.id for one in told])
    offered: dict[str, int] = {}
    for one in told:
        known = before.get(one.source.id, one.source)
        if one.playbooks is None:
            rows.put_source(_silent(one.source, known, now))
            continue
        for found in one.playbooks:
            why = _unfit(found, one.source.id, offered, rows, now)
            if why:
                one.unread.append(f"{found.id}: {why}")
            else:
                offered[found.id] = found.version
        unread = tuple(one.unread[:_MOST_UNREAD])
        rows.put_source(SourceRow(one.source.id, one.source.names, now, None, unread))
    speaking = [one.source.id for one in told if one.playbooks is not None]
    rows.offer(list(offered.items()), speaking)


def _silent(source: SourceRow, known: SourceRow, now: datetime) -> SourceRow:
    since = known.silent_since or now
    return SourceRow(source.id, source.names, known.read_at, since, known.unread)


def _unfit(
    found: Playbook, source: str, offered: dict[str, int], rows: PlaybookRows, now: datetime
) -> str:
    """Why it can't be offered: a version, once told, stands for ever."""
    if found.id in offered:
        return "id: TOLD_BY_ANOTHER_SOURCE"
    rows.add(Known(found, source), now)
    kept = rows.version(found.id, found.version)
    if kept is None or kept.playbook != found:
        return "version: CHANGED_BUT_NOT_COUNTED_UP"
    return "" if kept.source == source else "id: TOLD_BY_ANOTHER_SOURCE"
