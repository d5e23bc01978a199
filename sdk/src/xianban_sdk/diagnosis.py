"""What `xianban doctor` finds out: each check gives findings, each finding a sentence and a level.

A package adds checks of its own by entry point ``xianban.doctor``: a function of the settings that
gives findings; its texts are in its own locale files, as ``doctor-<key>``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Literal

import grpc
import httpx
from sqlalchemy import text as sql
from xianban.common.v1 import admin_pb2 as pb
from xianban.common.v1.admin_pb2_grpc import AdminServiceStub

from xianban_sdk import i18n
from xianban_sdk.app import Service
from xianban_sdk.clock import SystemClock
from xianban_sdk.exporting import valid_for
from xianban_sdk.identity.relations import BOUND_SECONDS
from xianban_sdk.observed import Figures, figures_of
from xianban_sdk.settings import Settings
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.migrate import needs_migration

__all__ = ["Finding", "Level", "certificates", "clocks", "disk", "service", "stored", "worst"]

Level = Literal["well", "note", "warning", "broken"]

_WORST_FIRST: Final[tuple[Level, ...]] = ("broken", "warning", "note")
_GIB: Final = 2**30
_DAY: Final = 86_400
# Beyond these somebody should look; the alert rules (helm/xianban/rules) have the same.
_OUTBOX_SECONDS: Final = 30
_TIMER_SECONDS: Final = 15
_SEAL_SECONDS: Final = 60
_SKEW_SECONDS: Final = 1.0
_CERTIFICATE_DAYS: Final = 7
_ASK_SECONDS: Final = 5


@dataclass(frozen=True)
class Finding:
    """One sentence: `about` is a service, a file or a part of the machine."""

    about: str
    level: Level
    key: str
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    package: str = "xianban_sdk"

    def text(self, locale: str) -> str:
        """The sentence."""
        return i18n.text(f"doctor-{self.key}", locale, self.package, **self.params)


# -- a service ------------------------------------------------------------------------------------


def service(found: Service, settings: Settings) -> Iterator[Finding]:
    """By its own word where its admin socket is here, else by its tables where they are shared."""
    if settings.socket(found.name, "admin").exists():
        yield from _asked(found.name, settings)
    elif settings.database:
        yield from stored(found, settings)
    else:
        yield Finding(found.name, "note", "not-running")


def _asked(name: str, settings: Settings) -> Iterator[Finding]:
    with grpc.insecure_channel(f"unix:{settings.socket(name, 'admin')}") as channel:
        try:
            told = AdminServiceStub(channel).GetVitals(pb.GetVitalsRequest(), timeout=_ASK_SECONDS)
        except grpc.RpcError as error:
            yield Finding(name, "broken", "no-answer", {"error": _said(error)})
            return
    yield from _troubles(name, told)
    names = (one.name for one in fields(Figures))
    yield from _aged(name, Figures(**{one: getattr(told, one) for one in names}))
    if told.relations_age > BOUND_SECONDS:
        seconds = {"seconds": round(told.relations_age, 1)}
        yield Finding(name, "broken", "relations-old", seconds)


def _troubles(name: str, told: pb.GetVitalsResponse) -> Iterator[Finding]:
    for dependency, problem in sorted(told.problems.items()):
        level: Level = "note" if dependency == "capabilities" else "broken"
        said = {"dependency": dependency, "problem": problem}
        yield Finding(name, level, "dependency", said)
    if not told.problems:
        yield Finding(name, "well", "dependencies-well")


def stored(found: Service, settings: Settings) -> Iterator[Finding]:
    """What its schema in PostgreSQL says; nothing is changed there."""
    db = Database.open(settings.database, owner=found.name)
    try:
        if needs_migration(db, found.migrations):
            yield Finding(found.name, "broken", "not-migrated", {"service": found.name})
            return
        with db.read() as conn:
            figures = figures_of(conn, SystemClock().now())
    except Exception as error:
        # Whatever fails is the finding.
        yield Finding(found.name, "broken", "database", {"error": _said(error)})
        return
    finally:
        db.close()
    yield Finding(found.name, "note", "seen-by-tables")
    yield from _aged(found.name, figures)


def _aged(name: str, seen: Figures) -> Iterator[Finding]:
    late = (
        (seen.outbox_age > _OUTBOX_SECONDS, "outbox-late", seen.outbox_age, seen.unsent),
        (seen.dead > 0, "dead-letters", 0, seen.dead),
        (seen.overdue > _TIMER_SECONDS, "timers-late", seen.overdue, 0),
        (seen.unsealed_age > _SEAL_SECONDS, "audit-unsealed", seen.unsealed_age, 0),
    )
    bad = [
        Finding(name, "broken", key, {"seconds": round(seconds), "count": count, "service": name})
        for wrong, key, seconds, count in late
        if wrong
    ]
    yield from bad or [Finding(name, "well", "events-well")]


# -- the machine ----------------------------------------------------------------------------------


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is room where data lie."""
    settings.data.mkdir(parents=True, exist_ok=True)
    probe = settings.data / ".writable"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        yield Finding("disk", "broken", "disk-unwritable", {"error": _said(error)})
        return
    used = shutil.disk_usage(settings.data)
    share, free = used.free / used.total, round(used.free / _GIB, 1)
    level: Level = "well" if share > 0.1 else "warning" if used.free > _GIB else "broken"
    yield Finding("disk", level, "disk", {"path": str(settings.data), "free": free})


def clocks(settings: Settings) -> Iterator[Finding]:
    """Ours against PostgreSQL's and the gateway's: a copy of relations is believed by the clock."""
    for about, ahead in (("postgresql", _database_ahead), ("gateway", _gateway_ahead)):
        try:
            seconds = ahead(settings)
        except Exception as error:
            yield Finding("clock", "note", "clock-unknown", {"of": about, "error": _said(error)})
            continue
        if seconds is not None:
            off = abs(seconds) > _SKEW_SECONDS
            said = {"of": about, "seconds": round(abs(seconds), 1)}
            yield Finding("clock", "broken" if off else "well", "clock", said)


def _database_ahead(settings: Settings) -> float | None:
    if not settings.database:
        return None
    db = Database.open(settings.database, owner="doctor")
    try:
        with db.read() as conn:
            before = time.time()
            theirs = float(conn.scalar(sql("SELECT extract(epoch FROM clock_timestamp())")) or 0)
            return _outside(theirs, before, time.time())
    finally:
        db.close()


def _gateway_ahead(settings: Settings) -> float | None:
    before = time.time()
    url = settings.inside(f"{settings.issuer}/healthz")
    told = httpx.get(url, timeout=_ASK_SECONDS).headers.get("date", "")
    if not told:
        return None
    theirs = parsedate_to_datetime(told).timestamp()
    # It tells whole seconds.
    return _outside(theirs, before - 1, time.time())


def _outside(theirs: float, before: float, after: float) -> float:
    """0 when a clock's answer lies between asking and hearing."""
    return theirs - min(max(theirs, before), after)


def certificates(settings: Settings, environ: dict[str, str]) -> Iterator[Finding]:
    """How long the process's own certificate and the public one are valid."""
    own = str(Path(settings.tls) / "tls.crt") if settings.tls else ""
    public, broker = environ.get("XIANBAN_EDGE_TLS_CERTIFICATE", ""), settings.mqtt_cert
    for path in filter(None, (own, public, broker)):
        try:
            days = valid_for(Path(path), time.time()) / _DAY
        except (OSError, ValueError) as error:
            said = {"path": path, "error": _said(error)}
            yield Finding("certificate", "broken", "certificate-unreadable", said)
            continue
        level: Level = "broken" if days < 1 else "warning" if days < _CERTIFICATE_DAYS else "well"
        said = {"path": path, "days": int(days)}
        yield Finding("certificate", level, "certificate", said)


def _said(error: BaseException) -> str:
    if isinstance(error, grpc.RpcError):
        details: Any = getattr(error, "details", None)
        return str(details() if callable(details) else error)[:200]
    return (str(error) or repr(error)).splitlines()[0][:200]


def worst(findings: Iterable[Finding]) -> Level:
    """What decides the exit code."""
    levels = {one.level for one in findings}
    for level in _WORST_FIRST:
        if level in levels:
            return level
    return "well"
