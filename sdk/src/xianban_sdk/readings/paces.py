"""How often a series was promised, and what that means for the time between its readings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Final

import orjson
from sqlalchemy import Connection, and_, select

from xianban_sdk.readings.rules import Breach, Rule
from xianban_sdk.readings.series import Series
from xianban_sdk.readings.tables import device_watch, reading_series
from xianban_sdk.storage.among import among

__all__ = ["paced", "promised"]

_MICRO: Final = timedelta(microseconds=1)
# One may be lost on the way, and none comes to the second.
_GAP_IN_CADENCES: Final = 2.5
_w, _s = device_watch, reading_series


def promised(conn: Connection, series: Collection[Series]) -> dict[int, timedelta]:
    """Series → cadence, where a device bound now promised one."""
    mine = and_(_w.c.device_key == _s.c.device_key, _w.c.subject_key == _s.c.subject_key)
    query = select(_s.c.id, _w.c.promises).join(_w, mine)
    rows = conn.execute(query.where(among(conn, _s.c.id, [one.id for one in series])))
    promises = {row.id: orjson.loads(row.promises) for row in rows}
    return {
        one.id: _cadence(one, promises[one.id][one.kind.code]["silent_after"])
        for one in series
        if one.kind.code in promises.get(one.id, ())
    }


def paced(rule: Rule, cadence: timedelta | None) -> Rule:
    """The rule for a series that comes so often: one that is told every ten minutes is not broken
    off after five."""
    gap = (cadence or timedelta(0)) * _GAP_IN_CADENCES
    return _widened(rule, gap) if isinstance(rule, Breach) and gap > rule.gap else rule


@lru_cache(maxsize=4096)
def _widened(rule: Breach, gap: timedelta) -> Breach:
    """Many series share few rules and fewer cadences."""
    return replace(rule, gap=gap)


def _cadence(series: Series, silent_after: int) -> timedelta:
    """Back from what was kept of it: silence is measured in cadences."""
    kind = series.kind
    return kind.cadence * (silent_after * _MICRO / kind.silent_after)
