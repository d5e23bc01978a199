"""How an elder is, and how they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from xianban_sdk.alerts import Alert
from xianban_sdk.alerts.repository import AlertRows, Asked
from xianban_sdk.errors import InvalidArgument, NotFound, PermissionDenied
from xianban_sdk.readings import Hour, Reading, Readings, Shown, Silence, Withheld
from xianban_sdk.repository import Page
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.repository import CareFiles, Scope
from xianban_eldercare.repository.alarms import NOT_OF_HEALTH
from xianban_eldercare.repository.oxygen_scales import on_scale_2
from xianban_eldercare.repository.thresholds import Thresholds
from xianban_eldercare.vitals import (
    COMPUTED,
    KINDS,
    OBSERVED,
    SHOWN,
    Limits,
    default_limits,
)

__all__ = ["Span", "State", "hours", "limits", "readings", "state_of", "write_limits"]

_LONGEST: Final = timedelta(days=31)
# Around an alarm a carer sees single readings (C11).
_AROUND: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class State:
    """Everything an elder's page shows at once."""

    resident: str
    display_name: str
    vitals: list[tuple[Reading | Silence, Limits | None]]
    alerts: list[Alert]
    devices: int
    oxygen_scale: int = 1

    def newest(self, now: datetime) -> timedelta | None:
        """The age of the newest number that may be shown."""
        shown = [reading.shown(now) for reading, _ in self.vitals]
        ages = [one.age for one in shown if isinstance(one, Shown)]
        return min(ages, default=None)

    def doubtful(self, now: datetime) -> bool:
        """Something that was measured before is old, silent or cannot be true now."""
        known = [reading for reading, _ in self.vitals if isinstance(reading, Reading)]
        return any(isinstance(one.shown(now), Withheld) for one in known)


@dataclass(frozen=True, slots=True)
class Span:
    """A quantity over a time."""

    resident: str
    kind: str
    start: datetime
    end: datetime


def state_of(resident: str, *, scope: Scope, conn: Connection) -> State:
    """For the elder, whoever acts for them, and staff of their area."""
    row = CareFiles(conn, scope).get(resident)
    known = Readings(conn, scope, KINDS).latest(subject_of(resident))
    newest: dict[str, Reading] = {}
    for one in sorted(known, key=lambda found: found.observed_at):
        newest[one.kind.code] = one
    own = Thresholds(conn, scope).of(resident)
    scale_2 = resident in on_scale_2(conn, [resident])
    usual = default_limits(scale_2=scale_2)
    codes = [code for code in KINDS_SHOWN if code in newest or code in SHOWN[:2]]
    alerts, _ = AlertRows(conn, scope).listed(
        Page(200, ""), Asked(open=True, subject=subject_of(resident))
    )
    return State(
        resident=resident,
        display_name=row.display_name,
        vitals=[
            (
                newest.get(code) or Silence(KINDS[code]),
                own.get(code) or usual.get(code),
            )
            for code in codes
        ],
        alerts=alerts,
        devices=len({one.device for one in known if one.kind.code not in COMPUTED} - {OBSERVED}),
        oxygen_scale=2 if scale_2 else 1,
    )


KINDS_SHOWN: Final = (
    *SHOWN,
    *sorted(COMPUTED),
    "consciousness",
    "supplemental-oxygen",
    "smoke",
    "gas",
    "door",
    "motion",
    "water",
    "steps",
    "battery",
)


def hours(span: Span, *, scope: Scope, conn: Connection) -> list[Hour]:
    """Least, mean and greatest of each hour that is over."""
    _check(span)
    found = Readings(conn, scope, KINDS)
    return found.hours(subject_of(span.resident), span.kind, span.start, span.end)


def readings(
    span: Span, page: Page, *, basis: str, scope: Scope, conn: Connection
) -> tuple[list[Reading], str]:
    """Single readings; a carer gets them only around an alarm."""
    _check(span)
    if basis == "carer" and not _around_an_alarm(span, scope, conn):
        raise PermissionDenied("RAW_ONLY_AROUND_AN_ALARM", field="raw")
    found = Readings(conn, scope, KINDS)
    return found.history(subject_of(span.resident), span.kind, span.start, span.end, page)


def limits(resident: str, *, scope: Scope, conn: Connection) -> dict[str, tuple[Limits, bool]]:
    """Kind → limits, and whether they are the person's own."""
    CareFiles(conn, scope).get(resident)
    own = Thresholds(conn, scope).of(resident)
    usual = default_limits(scale_2=resident in on_scale_2(conn, [resident]))
    found = {**usual, **own}
    return {kind: (found[kind], kind in own) for kind in sorted(found)}


def write_limits(
    resident: str, kind: str, wanted: Limits, *, scope: Scope, uow: UnitOfWork
) -> Limits:
    """The person's own from the next batch on, at the latest after half a minute."""
    CareFiles(uow.conn, scope).get(resident)
    if kind not in SHOWN:
        raise InvalidArgument("KIND_UNKNOWN", field="threshold.name", kind=kind)
    known = KINDS[kind]
    least, most = f"{known.low:g}", f"{known.high:g}"
    for name, limit in (("low", wanted.low), ("high", wanted.high)):
        if limit is not None and not known.low <= limit <= known.high:
            field = f"threshold.{name}"
            raise InvalidArgument("LIMIT_IMPOSSIBLE", field=field, least=least, most=most)
    if wanted.low is not None and wanted.high is not None and wanted.low >= wanted.high:
        raise InvalidArgument("LIMITS_REVERSED", field="threshold.low")
    Thresholds(uow.conn, scope).put(resident, kind, wanted)
    return wanted


def _check(span: Span) -> None:
    if KINDS.get(span.kind) is None:
        raise NotFound("KIND_UNKNOWN", field="kind", kind=span.kind)
    if span.end <= span.start:
        raise InvalidArgument("SPAN_REVERSED", field="end_time")
    if span.end - span.start > _LONGEST:
        raise InvalidArgument("SPAN_TOO_LONG", field="end_time", days=_LONGEST.days)


def _around_an_alarm(span: Span, scope: Scope, conn: Connection) -> bool:
    asked = Asked(subject=subject_of(span.resident))
    alerts, _ = AlertRows(conn, scope).listed(Page(200, ""), asked)
    return any(
        span.start >= alert.raised_at - _AROUND
        and span.end <= (alert.resolved_at or alert.raised_at) + _AROUND
        for alert in alerts
        if alert.rule not in NOT_OF_HEALTH
    )
