"""A rule whose condition is over for a reason that no reading tells may find it anew."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from xianban_sdk.readings import states
from xianban_sdk.readings.tables import reading_series
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["rearm"]

_t = reading_series


def rearm(rule: str, subject: str, kind: str, *, uow: UnitOfWork) -> None:
    """The next reading beyond the level raises again, whatever stood before.

    Before alerts are changed: ingest waits for the series first, too, never in a ring.
    """
    mine = select(_t.c.id).where(_t.c.subject_key == keyed_hash(subject), _t.c.kind == kind)
    numbers = sorted(uow.conn.scalars(mine))
    states.take_turns(uow.conn, numbers)
    standings = states.load(uow.conn, numbers)
    for number in numbers:
        before = standings.get((number, rule))
        if before is not None and before.raised:
            states.save(uow.conn, number, rule, replace(before, raised=False, told=False))
