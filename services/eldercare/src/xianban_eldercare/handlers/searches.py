"""走失模式: an elder's position shared for a time, told to the family, over by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from google.protobuf.message import Message
from xianban_sdk.alerts import Alerts, Finding, Reason, Severity
from xianban_sdk.errors import FailedPrecondition, NotFound
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare import events
from xianban_eldercare.alarms import BOOK, family_of
from xianban_eldercare.domain.searches import TRAIL_KEPT, SearchState, extended, until
from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.searches import Searches
from xianban_eldercare.repository.whereabouts_rows import SearchRow

__all__ = [
    "FORGET",
    "OVER",
    "RULE",
    "Report",
    "end_search",
    "extend_search",
    "forget_trail",
    "found_by_alert",
    "search_over",
    "start_search",
]

RULE: Final = "lost"
# Timer kinds; the payload is the search's id.
OVER: Final = "search-over"
FORGET: Final = "search-forget"
# Person and name; both empty where it ends by itself.
Ender = tuple[str, str]
_NOBODY: Final[Ender] = ("", "")


@dataclass(frozen=True, slots=True)
class Report:
    """Who is lost, why that is thought, and for how many hours to share (0: the usual)."""

    resident: str
    reason: str
    hours: int


def start_search(report: Report, *, scope: Scope, uow: UnitOfWork) -> SearchRow:
    """The search that stands: reporting again while one runs tells nobody twice."""
    searches = Searches(uow.conn, scope)
    standing = searches.running(report.resident, lock=True)
    if standing is not None and standing.runs(uow.clock.now()):
        return standing
    if standing is not None:
        _finish(standing, SearchState.EXPIRED, "", "", uow)
    begun = _begun(report, scope, uow)
    if not searches.add(begun):
        found = searches.running(report.resident)
        if found is None:
            raise NotFound("SEARCH_NOT_FOUND", field="parent")
        return found
    alert = Alerts(uow, BOOK).raise_(_finding(begun))
    by = BOOK.name_of(scope.actor, alert, uow)
    row = replace(begun, alert=alert.name, started_by_display=by)
    searches.save(row)
    _runs(row, events.search_started(row), "started", uow)
    return row


def _begun(report: Report, scope: Scope, uow: UnitOfWork) -> SearchRow:
    """A family need not have opened a file to look for somebody; staff need one in their area."""
    files = CareFiles(uow.conn, scope)
    file = files.get(report.resident) if scope.areas else files.find(report.resident)
    now = uow.clock.now()
    return SearchRow(
        id=uow.ids.new(),
        resident=report.resident,
        display_name=file.display_name if file else "",
        area=file.area if file else "",
        reason=report.reason,
        state=SearchState.RUNNING.value,
        started_by=scope.actor,
        started_by_display="",
        started_at=now,
        until=until(now, report.hours),
        ended_at=None,
        ended_by="",
        ended_by_display="",
        end_note="",
        alert="",
    )


def extend_search(
    resident: str, number: str, hours: int, *, scope: Scope, uow: UnitOfWork
) -> SearchRow:
    """Only while it runs: what has ended is begun anew, with a reason."""
    searches = Searches(uow.conn, scope)
    row = searches.get(resident, number, lock=True)
    now = uow.clock.now()
    if not row.runs(now):
        raise FailedPrecondition("SEARCH_OVER", field="name")
    longer = replace(row, until=extended(row.until, now, hours))
    searches.save(longer)
    _runs(longer, events.search_extended(longer), "extended", uow)
    return longer


def end_search(
    resident: str, number: str, note: str, *, scope: Scope, uow: UnitOfWork
) -> SearchRow:
    """Ending what has ended changes nothing."""
    row = Searches(uow.conn, scope).get(resident, number, lock=True)
    if row.ended_at is not None:
        return row
    alerts = Alerts(uow, BOOK, scope)
    alert = alerts.get(row.alert)
    by = (scope.actor, BOOK.name_of(scope.actor, alert, uow))
    ended = _finish(row, SearchState.ENDED, by, note, uow)
    alerts.cleared(RULE, subject_of(resident))
    if alert.open:
        alerts.resolve(row.alert, note)
    return ended


def found_by_alert(alert: str, by: Ender, *, uow: UnitOfWork) -> None:
    """Whoever resolves the alert ends the sharing with it."""
    row = Searches(uow.conn, MACHINE).with_alert(alert)
    if row is not None:
        _finish(row, SearchState.ENDED, by, "", uow)


def search_over(number: str, *, uow: UnitOfWork) -> None:
    """Its time is over, unless somebody gave it more or ended it. The alert stays for people."""
    row = Searches(uow.conn, MACHINE).numbered(number, lock=True)
    if row is None or row.ended_at is not None or row.until > uow.clock.now():
        return
    uow.audit("ExpireSearch", row.resident)
    _finish(row, SearchState.EXPIRED, _NOBODY, "", uow)


def forget_trail(number: str, *, uow: UnitOfWork) -> None:
    """The retention is over."""
    searches = Searches(uow.conn, MACHINE)
    row = searches.numbered(number)
    if row is not None:
        searches.forget_trail(row)


def _finish(row: SearchRow, state: SearchState, by: Ender, note: str, uow: UnitOfWork) -> SearchRow:
    at, (person, display) = min(row.until, uow.clock.now()), by
    ended = replace(
        row,
        state=state.value,
        ended_at=at,
        ended_by=person,
        ended_by_display=display,
        end_note=note,
    )
    Searches(uow.conn, MACHINE).save(ended)
    uow.cancel(OVER, row.id)
    uow.schedule(FORGET, row.id, at + TRAIL_KEPT, row.id.encode())
    _emit(ended, events.search_ended(ended), uow)
    # The elder too hears that, how long and why their position was shared.
    _tell(ended, state.value, [*_family(ended, uow), ended.resident], uow)
    return ended


def _runs(row: SearchRow, event: Message, occasion: str, uow: UnitOfWork) -> None:
    uow.schedule(OVER, row.id, row.until, row.id.encode())
    _emit(row, event, uow)
    _tell(row, occasion, _family(row, uow), uow)


def _family(row: SearchRow, uow: UnitOfWork) -> list[str]:
    return list(dict.fromkeys([*family_of(row.resident, uow), row.started_by]))


def _finding(row: SearchRow) -> Finding:
    """Without a place: an alert says no age, outlives the search, and no look at it is noted."""
    return Finding(
        rule=RULE,
        subject=subject_of(row.resident),
        severity=Severity.EXTREME,
        area=row.area,
        subject_display=row.display_name,
        reasons=[Reason(f"reason-{RULE}", {}, row.started_at)],
    )


def _tell(row: SearchRow, occasion: str, people: Iterable[str], uow: UnitOfWork) -> None:
    for person in people:
        _emit(row, events.search_message(row, occasion, person), uow)


def _emit(row: SearchRow, event: Message, uow: UnitOfWork) -> None:
    uow.emit(event, aggregate=row.name, domain="eldercare")
