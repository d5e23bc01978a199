"""关爱巡访: proposals to look after elders while a warning stands, and what becomes of them.

A pass compares what should be proposed with what is, so that it may run at any time, in any
process, and again: it adds, changes and withdraws only what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from xianban_sdk import i18n
from xianban_sdk.clock import local_day
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.care_files import CareLevel, Living
from xianban_eldercare.domain.referrals import CareSetting
from xianban_eldercare.domain.rounds import (
    HAZARDS,
    LEAST_LEVEL,
    Elder,
    Judgement,
    RoundState,
    Settled,
    due,
    due_again,
)
from xianban_eldercare.domain.visits import VisitKind
from xianban_eldercare.domain.weather import Reach
from xianban_eldercare.events import round_changed
from xianban_eldercare.handlers.planning import plan_visit
from xianban_eldercare.handlers.weather import home_of, reach_of
from xianban_eldercare.repository import (
    MACHINE,
    CareFiles,
    Organisations,
    Referrals,
    Rounds,
    Scope,
    Weather,
)
from xianban_eldercare.repository.ages import age_on
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.responders import badge_name
from xianban_eldercare.repository.rows import CareFileRow
from xianban_eldercare.repository.weather_rows import ProposalRow, WarningRow

__all__ = ["Seen", "Sent", "accept", "call", "dismiss", "propose", "seen", "threats"]

_MINUTES: Final = 30
_TASKS: Final = ("round-task-look", "round-task-room", "round-task-drink", "round-task-tell")
# The checklist is the carer's, who works in Chinese.
_LOCALE: Final = "zh-CN"
_PACKAGE: Final = "xianban_eldercare"


@dataclass(frozen=True, slots=True)
class Threat:
    """A standing warning that gives reason for a round."""

    row: WarningRow
    reach: Reach


@dataclass(frozen=True, slots=True)
class Sent:
    """Who goes there, when, for how long (0: half an hour), and how long the way is."""

    carer: str
    start_at: datetime
    minutes: int
    travel_minutes: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A proposal with what its reader needs to know of the elder and the warning."""

    row: ProposalRow
    file: CareFileRow | None
    warning: WarningRow | None


def threats(conn: Connection, now: datetime) -> list[Threat]:
    """Worst first."""
    rows = Weather(conn, MACHINE).standing(now)
    return [
        Threat(row, reach_of(row))
        for row in rows
        if row.hazard in HAZARDS and row.level >= LEAST_LEVEL
    ]


# -- the pass -------------------------------------------------------------------------------


def propose(residents: Sequence[str], *, uow: UnitOfWork) -> None:
    """What should be proposed to these elders' stations now, no more and no less."""
    standing = threats(uow.conn, uow.clock.now())
    files = CareFiles(uow.conn, MACHINE).several(residents)
    known: dict[str, dict[str, list[ProposalRow]]] = {}
    for row in Rounds(uow.conn, MACHINE).of_residents(residents):
        known.setdefault(row.resident, {}).setdefault(row.hazard, []).append(row)
    for resident in residents:
        wanted = _wanted(files.get(resident), standing, uow)
        rows = known.get(resident, {})
        for hazard in sorted(wanted.keys() | rows.keys()):
            _settle(resident, wanted.get(hazard), rows.get(hazard, []), uow)


def _wanted(
    file: CareFileRow | None, standing: Sequence[Threat], uow: UnitOfWork
) -> Mapping[str, tuple[WarningRow, Judgement]]:
    """By hazard the worst warning that holds there and is a reason for this elder."""
    if file is None:
        return {}
    home = home_of(file)
    here = [one.row for one in standing if one.reach.covers(file.area, home)]
    if not here or _away(file.resident, uow):
        return {}
    elder, found = _elder(file, uow), dict[str, tuple[WarningRow, Judgement]]()
    for row in here:
        judgement = due(elder, row.hazard, row.level)
        if judgement is not None and row.hazard not in found:
            found[row.hazard] = (row, judgement)
    return found


def _elder(file: CareFileRow, uow: UnitOfWork) -> Elder:
    conditions: list[dict[str, str]] = orjson.loads(file.conditions) if file.conditions else []
    return Elder(
        living=Living(file.living),
        level=CareLevel(file.care_level),
        conditions=[one["code"] for one in conditions],
        age=age_on(uow.conn, file.resident, local_day(uow.clock.now())),
    )


def _away(resident: str, uow: UnitOfWork) -> bool:
    """Somebody else looks after them where they were referred to."""
    stay = Referrals(uow.conn, MACHINE).stay(resident)
    return stay is not None and stay.target != CareSetting.HOME


def _settle(
    resident: str,
    wanted: tuple[WarningRow, Judgement] | None,
    rows: Sequence[ProposalRow],
    uow: UnitOfWork,
) -> None:
    """Of one elder and hazard; the rows are locked, the newest is last."""
    standing = next((row for row in rows if row.state == RoundState.PROPOSED), None)
    if wanted is None:
        if standing is not None:
            _saved(replace(standing, state=RoundState.WITHDRAWN.value), "", uow)
        return
    warning, judgement = wanted
    said = _said(warning, judgement)
    if standing is not None:
        changed = replace(standing, **said)
        if changed != standing:
            _kept(replace(changed, version=standing.version + 1), uow)
    elif not rows or _again(rows[-1], warning.level, uow):
        row = ProposalRow(id=uow.ids.new(), resident=resident, proposed_at=uow.clock.now(), **said)
        if Rounds(uow.conn, MACHINE).add(row):
            _tell(row, uow)


def _said(warning: WarningRow, judgement: Judgement) -> dict[str, Any]:
    parts = [
        {"text": one.text, "points": one.points, "params": dict(one.params)}
        for one in judgement.parts
    ]
    return {
        "hazard": warning.hazard,
        "warning": warning.id,
        "level": warning.level,
        "how": judgement.how.value,
        "points": judgement.points,
        "reasons": orjson.dumps(parts).decode(),
    }


def _again(last: ProposalRow, level: int, uow: UnitOfWork) -> bool:
    settled = Settled(RoundState(last.state), last.level, last.settled_at or last.proposed_at)
    return due_again(settled, level, uow.clock.now())


# -- the planner ----------------------------------------------------------------------------


def seen(rows: Sequence[ProposalRow], *, conn: Connection) -> list[Seen]:
    """The caller has found the proposals."""
    files = CareFiles(conn, MACHINE).several({row.resident for row in rows})
    warnings = Weather(conn, MACHINE).several({row.warning for row in rows})
    return [Seen(row, files.get(row.resident), warnings.get(row.warning)) for row in rows]


def accept(
    proposal: str, organisation: str, sent: Sent, *, scope: Scope, uow: UnitOfWork
) -> ProposalRow:
    """One visit, whoever asks how often: the proposal is locked and open but once."""
    row = _open(proposal, organisation, scope, uow)
    visit = plan_visit(_visit(row, organisation, sent), scope=scope, uow=uow)
    return _saved(replace(row, state=RoundState.ACCEPTED.value, visit=visit.id), scope.actor, uow)


def _visit(row: ProposalRow, organisation: str, sent: Sent) -> VisitRow:
    tasks = [i18n.text(key, _LOCALE, _PACKAGE) for key in _TASKS]
    return VisitRow(
        resident=row.resident,
        organisation=organisation,
        carer=sent.carer,
        kind=VisitKind.CALL.value,
        start_at=sent.start_at,
        end_at=sent.start_at + timedelta(minutes=sent.minutes or _MINUTES),
        travel_minutes=sent.travel_minutes,
        tasks=orjson.dumps([{"text": one, "done": False} for one in tasks]).decode(),
    )


def call(
    proposal: str, organisation: str, note: str, *, scope: Scope, uow: UnitOfWork
) -> ProposalRow:
    """Somebody has rung."""
    row = _open(proposal, organisation, scope, uow)
    return _saved(replace(row, state=RoundState.CALLED.value, note=note), scope.actor, uow)


def dismiss(
    proposal: str, organisation: str, reason: str, *, scope: Scope, uow: UnitOfWork
) -> ProposalRow:
    """Nobody needs to go or ring."""
    row = _open(proposal, organisation, scope, uow)
    return _saved(replace(row, state=RoundState.DISMISSED.value, note=reason), scope.actor, uow)


def _open(proposal: str, organisation: str, scope: Scope, uow: UnitOfWork) -> ProposalRow:
    Organisations(uow.conn, scope).own_one(organisation)
    row = Rounds(uow.conn, scope).get(proposal, organisation)
    if row.state != RoundState.PROPOSED:
        raise FailedPrecondition(f"ROUND_{RoundState(row.state).name}", field="name")
    return row


def _saved(row: ProposalRow, actor: str, uow: UnitOfWork) -> ProposalRow:
    """Settled, by somebody or by the weather."""
    settled = replace(
        row,
        settled_at=uow.clock.now(),
        settled_by=actor,
        settled_by_display=badge_name(uow.conn, actor) if actor else "",
        version=row.version + 1,
    )
    _kept(settled, uow)
    _tell(settled, uow)
    return settled


def _kept(row: ProposalRow, uow: UnitOfWork) -> None:
    Rounds(uow.conn, MACHINE).save(row)


def _tell(row: ProposalRow, uow: UnitOfWork) -> None:
    uow.emit(round_changed(row), aggregate=f"residents/{row.resident}/rounds/{row.id}")
