"""Erasing a person: identity says so once, every service follows through its inbox.

The event is applied as any other: once, in the transaction of its effect, also by a service that
was away. A second sweep after every token has died takes what still came meanwhile. Rows that
something holds (a debt made after identity was asked) wait, and are looked at again every day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select, update
from xianban.identity.v1 import events_pb2

from xianban_sdk.messaging.consumers import consumer
from xianban_sdk.messaging.event import Event
from xianban_sdk.personal.declared import PSEUDONYM, Fate, Holding, PersonalData, Sealed
from xianban_sdk.personal.own import holdings
from xianban_sdk.storage.timer_rows import Timer
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["PERSON_ERASED", "SWEEP_TIMER", "erasure_consumer", "erasure_timer", "sweep"]

PERSON_ERASED: Final = "identity.v1.person_erased"
SWEEP_TIMER: Final = "personal-data-sweep"
# Access tokens live five minutes, and events of their calls may still be under way.
_AGAIN: Final = timedelta(minutes=15)
_HELD: Final = timedelta(days=1)
_ACTION: Final = "ErasePersonalData"


def sweep(conn: Connection, held: Iterable[Holding], person: str, pseudonym: str) -> int:
    """Does what each holding says; returns how many rows changed. Again finds nothing."""
    return sum(_treat(conn, holding, person, pseudonym) for holding in held)


def erasure_consumer(personal: PersonalData) -> Callable[..., None]:
    """The consumer that every service has."""

    @consumer(PERSON_ERASED)
    def on_person_erased(event: events_pb2.PersonErased, *, uow: UnitOfWork, meta: Event) -> None:
        if _carried_out(personal, event, uow):
            _later(event, uow, _AGAIN)

    return on_person_erased


def erasure_timer(personal: PersonalData) -> Callable[..., None]:
    """The timer that every service has."""

    def on_sweep(timer: Timer, *, uow: UnitOfWork) -> None:
        _carried_out(personal, events_pb2.PersonErased.FromString(timer.payload), uow)

    return on_sweep


def _carried_out(personal: PersonalData, event: events_pb2.PersonErased, uow: UnitOfWork) -> bool:
    for hold in personal.holds(uow.conn, event.person, uow.clock.now()):
        uow.audit(_ACTION, event.person, "postponed", f"hold:{hold.reason}")
        _later(event, uow, _HELD)
        return False
    if sweep(uow.conn, holdings(personal), event.person, event.receipt):
        uow.audit(_ACTION, event.person, basis=f"receipt:{event.receipt}")
    return True


def _later(event: events_pb2.PersonErased, uow: UnitOfWork, pause: timedelta) -> None:
    due = uow.clock.now() + pause
    uow.schedule(SWEEP_TIMER, event.receipt, due, event.SerializeToString())


def _treat(conn: Connection, holding: Holding, person: str, pseudonym: str) -> int:
    if holding.fate is Fate.KEPT:
        return 0
    table, mine = holding.table, holding.about(person)
    changed = 0
    if holding.fate is Fate.ERASED:
        changed += conn.execute(delete(table).where(mine)).rowcount
        if changed and holding.on_erased is not None:
            holding.on_erased(conn)
    elif holding.blank:
        changed += _set(conn, table, mine, _blanked(holding, pseudonym))
    # While the row still says who acted.
    changed += _unsealed(conn, table, holding.sealed, person) if holding.sealed else 0
    for name in (*holding.subjects, *holding.actors):
        # One by one: of two sides of a row only the person's own is replaced.
        shown = {holding.displays[name]: ""} if name in holding.displays else {}
        changed += _set(conn, table, table.c[name] == person, {name: pseudonym, **shown})
    return changed


def _unsealed(conn: Connection, table: Table, sealed: Sealed, person: str) -> int:
    rows = conn.execute(select(table).where(sealed.may_name(person)).with_for_update())
    changed = 0
    for found in rows.mappings().all():
        row = {str(key): value for key, value in found.items()}
        left = sealed.without(row, person)
        if left != row[sealed.column]:
            same = and_(*(key == row[key.name] for key in table.primary_key.columns))
            changed += _set(conn, table, same, {sealed.column: left})
    return changed


def _set(conn: Connection, table: Table, where: ColumnElement[bool], to: dict[str, Any]) -> int:
    return conn.execute(update(table).where(where).values(to)).rowcount


def _blanked(holding: Holding, pseudonym: str) -> dict[str, Any]:
    return {
        name: pseudonym if value == PSEUDONYM else value for name, value in holding.blank.items()
    }
