"""Leaving and coming back: judged with the batch that brought the fixes, told once.

What counts as outside is the domain's; that it must last, and be over, is the SDK's rule over
numbers. Both look at the fixes by their time, so that late, repeated and reordered ones and a
restart change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Final

import orjson
from xianban_sdk.alerts import Alerts, Finding, Place, Reason, Severity
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.readings import Breach
from xianban_sdk.readings.rules import Change, Standing, judge
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.storage.instant import from_micros, to_micros

from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.domain.subjects import resident_of, subject_of
from xianban_eldercare.domain.whereabouts import (
    MARGIN_METRES,
    Circle,
    Fix,
    believed,
    beyond,
    metres,
)
from xianban_eldercare.handlers.ingest import CLOCKS
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.fences import Fences
from xianban_eldercare.repository.fixes import LOCATION, fixes_of, locators
from xianban_eldercare.repository.whereabouts_rows import FenceRow

__all__ = ["RULE", "WINDOW", "begin_anew", "circle_of", "judged", "unworn", "walked", "watch"]

RULE: Final = "left-place"
# The place and the locator.
_Key = tuple[str, int]

_MICRO: Final = timedelta(microseconds=1)
# A minute, so two fixes at least. A locator that saves its battery speaks every half hour; one
# that is quiet for two hours is an alarm of its own.
_LEFT: Final = Breach(
    name=RULE,
    kind=LOCATION,
    severity=Severity.SEVERE,
    side="above",
    level=MARGIN_METRES,
    clear_level=0.0,
    lasting=timedelta(minutes=1),
    clear_after=timedelta(minutes=1),
    gap=timedelta(hours=2),
)
# As far back as a reading can still raise something, and as that one needs to be judged itself.
WINDOW: Final = _LEFT.reach(raised=True) + _LEFT.recent // _MICRO
# What lies further ahead than a device's clock is believed came before our clock was set back.
_SKEW: Final = CLOCKS.skew // _MICRO


@dataclass(frozen=True, slots=True)
class Walk:
    """The fixes of a locator that may decide, each with its minute of the day."""

    fixes: Sequence[tuple[Fix, int]]
    now: int


@dataclass(frozen=True, slots=True)
class _Told:
    """A change at one place of one locator."""

    change: Change
    fence: FenceRow
    series: int
    fix: Fix


def watch(resident: str, *, uow: UnitOfWork) -> None:
    """Inside the transaction that stored the fixes: an alarm is never a step behind them."""
    fences = Fences(uow.conn, MACHINE)
    rows = [row for row in fences.of(resident, lock=True) if row.active]
    known = fences.standings([row.id for row in rows])
    told: list[_Told] = []
    for series in locators(uow.conn, subject_of(resident)):
        told += _judge(series, rows, known, uow)
    _tell(resident, _away(known), told, uow)


def walked(fixes: Sequence[Fix], now: int) -> Walk:
    """Once for a locator, whatever the number of places; fixes in the order of their time."""
    deciding = [fix for fix in believed(fixes) if fix.at <= now + _SKEW]
    return Walk([(fix, _minute(fix.at)) for fix in deciding], now)


def judged(circle: Circle, standing: Standing, walk: Walk) -> tuple[Standing, list[Change]]:
    """Where a locator stands to a place after these fixes."""
    # Judged by a clock that was ahead: begun anew, or the place would be blind until then.
    ahead = standing.settled > walk.now + _SKEW
    settled = walk.now - _SKEW if ahead else standing.settled
    points = [(fix.at, beyond(circle, fix, minute)) for fix, minute in walk.fixes]
    return judge(_LEFT, replace(standing, settled=settled), points, walk.now)


def circle_of(row: FenceRow) -> Circle:
    """The place as the rule sees it."""
    center = orjson.loads(row.center)
    return Circle(
        center["latitude"],
        center["longitude"],
        row.radius_m,
        row.start_minute,
        row.end_minute,
    )


def begin_anew(row: FenceRow, *, uow: UnitOfWork) -> None:
    """The place changed: nothing that was judged of it holds."""
    _forget(row.resident, [row], None, uow)


def unworn(subject: str, device: str, *, uow: UnitOfWork) -> None:
    """A locator no longer speaks for the elder: what it said last keeps no alert alive."""
    series = locators(uow.conn, subject, device)
    resident = resident_of(subject)
    if series and resident != subject:
        rows = Fences(uow.conn, MACHINE).of(resident, lock=True)
        _forget(resident, rows, series, uow)


def _forget(
    resident: str, rows: Sequence[FenceRow], series: Sequence[int] | None, uow: UnitOfWork
) -> None:
    fences = Fences(uow.conn, MACHINE)
    before = _away(fences.standings([row.id for row in fences.of(resident)]))
    anew = {row.id for row in rows}
    fences.forget(anew, series)
    gone = {key for key in before if key[0] in anew and (series is None or key[1] in series)}
    if before and before == gone:
        Alerts(uow, BOOK).cleared(RULE, subject_of(resident))


def _away(known: Mapping[_Key, Standing]) -> set[_Key]:
    return {key for key, standing in known.items() if standing.raised}


def _judge(
    series: int, rows: Sequence[FenceRow], known: Mapping[_Key, Standing], uow: UnitOfWork
) -> list[_Told]:
    now = to_micros(uow.clock.now())
    fixes = fixes_of(uow.conn, series, now - WINDOW, now + _SKEW)
    at, walk = {fix.at: fix for fix in fixes}, walked(fixes, now)
    told: list[_Told] = []
    for row in rows:
        before = known.get((row.id, series), Standing())
        after, changes = judged(circle_of(row), before, walk)
        if after != before:
            Fences(uow.conn, MACHINE).stand(row.id, series, after)
        told += [_Told(change, row, series, at[change.at]) for change in changes]
    return told


def _tell(resident: str, away: set[_Key], told: list[_Told], uow: UnitOfWork) -> None:
    """One alert for the person; over when no locator is outside any place."""
    alerts = Alerts(uow, BOOK)
    standing = set(away)
    for at, group in groupby(sorted(told, key=_time), key=_time):
        changes = list(group)
        left = [one for one in changes if one.change.raised]
        standing -= {_key(one) for one in changes} - {_key(one) for one in left}
        standing |= {_key(one) for one in left}
        if left:
            alerts.raise_(_finding(resident, left, uow))
        elif not standing:
            alerts.cleared(RULE, subject_of(resident), at=from_micros(at))


def _time(one: _Told) -> int:
    return one.change.at


def _key(one: _Told) -> _Key:
    return one.fence.id, one.series


def _finding(resident: str, left: Sequence[_Told], uow: UnitOfWork) -> Finding:
    fix = left[0].fix
    return finding_about(
        subject_of(resident),
        RULE,
        _LEFT.severity,
        [_reason(one) for one in left],
        uow=uow,
        place=Place(fix.latitude, fix.longitude, fix.accuracy),
        at=from_micros(fix.at),
    )


def _reason(one: _Told) -> Reason:
    circle = circle_of(one.fence)
    away = round(metres(circle, one.fix) - circle.radius, -1)
    params = {"place": one.fence.display_name, "metres": f"{away:.0f}"}
    return Reason(f"reason-{RULE}", params, from_micros(one.fix.at))


def _minute(at: int) -> int:
    there = from_micros(at).astimezone(SHANGHAI)
    return there.hour * 60 + there.minute
