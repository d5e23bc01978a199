"""A rule pack's answer: looked through before it is believed, and kept with the readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from math import isfinite
from typing import Any, Final, cast

from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.alerts import Alert, Alerts, Finding, Place, Reason, Severity
from xianban_sdk.readings import Ingest
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.storage.instant import to_micros

from xianban_eldercare.alarms import BOOK
from xianban_eldercare.hookspecs import Because, Case, Clear, Computed, Judged, Raise, RulePack
from xianban_eldercare.repository import MACHINE, CareFiles
from xianban_eldercare.repository.pack_states import PackState, PackStates
from xianban_eldercare.vitals import KINDS

__all__ = ["Outcome", "PackLied", "checked", "keep"]

_PREFIX: Final = "residents/"
_MOST_STATE: Final = 4000
_MOST_FINDINGS: Final = 1000
_MOST_REASONS: Final = 8
_MOST_TEXT: Final = 64
_AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pack made of one person, checked; nothing of it is kept yet."""

    pack: RulePack
    state: PackState
    judged: Judged


class PackLied(Exception):
    """An answer that its pack did not declare, or no answer."""


def checked(pack: RulePack, answer: object, case: Case) -> Judged:
    """The answer, if every part of it is what the pack may say."""
    if not isinstance(answer, Judged):
        raise PackLied(f"answered {answer!r}"[:200])
    _expect(isinstance(cast(Any, answer.state), str), "its state is no text")
    _expect(len(answer.state) <= _MOST_STATE, "its state is too long")
    _expect(isinstance(cast(Any, answer.findings), tuple), "its findings are no tuple")
    _expect(len(answer.findings) <= _MOST_FINDINGS, "it found too much at once")
    for one in cast("tuple[object, ...]", answer.findings):
        _check(pack, one, case)
    return answer


def _check(pack: RulePack, one: object, case: Case) -> None:
    if isinstance(one, Computed):
        _expect(one.kind in pack.computes, f"it does not compute {one.kind!r}")
        _expect(isinstance(cast(Any, one.value), int | float), "a value is no number")
        _expect(isfinite(one.value), "a value is not finite")
    elif isinstance(one, Raise | Clear):
        kind = next((kind for kind in pack.alerts if kind.code == one.alert), None)
        if kind is None:
            raise PackLied(f"it declares no alert {one.alert!r}")
        if isinstance(one, Raise):
            _expect(one.severity in kind.severities, "a severity is not declared")
            _reasons(one.reasons)
    else:
        raise PackLied(f"found {one!r}"[:200])
    at = cast(Any, one.at)
    _expect(isinstance(at, datetime) and at.tzinfo is not None, "an instant is none")
    _expect(one.at <= case.now + _AHEAD, "an instant lies in the future")
    # Its state says that it was told: were that kept, nobody would ever hear of it.
    _expect(not (isinstance(one, Raise) and case.is_history(one.at)), "it raises what is history")


def _reasons(reasons: object) -> None:
    _expect(isinstance(reasons, tuple), "reasons are no tuple")
    given = cast("tuple[object, ...]", reasons)
    _expect(len(given) <= _MOST_REASONS, "too many reasons")
    for one in given:
        if not isinstance(one, Because):
            raise PackLied("a reason is none")
        texts = cast("tuple[Any, ...]", (one.text, *one.params.keys(), *one.params.values()))
        _expect(
            all(isinstance(text, str) and len(text) <= _MOST_TEXT for text in texts),
            "a reason is no short text",
        )


def _expect(holds: bool, complaint: str) -> None:
    if not holds:
        raise PackLied(complaint)


def keep(
    outcomes: Sequence[Outcome],
    *,
    uow: UnitOfWork,
    ingest: Ingest,
    place: Place | None = None,
) -> Alert | None:
    """States, alerts and numbers, inside the transaction of what they rest on.

    Returns the alert raised last. Raises UNAVAILABLE when somebody was judged elsewhere meanwhile.
    """
    now = uow.clock.now()
    for pack, found in groupby(outcomes, key=lambda one: one.pack):
        changed = [replace(one.state, state=one.judged.state) for one in found]
        PackStates(uow.conn, MACHINE).save(changed, pack.version, now)
    numbers: list[pb.RawReading] = []
    raised: Alert | None = None
    for outcome in outcomes:
        who = outcome.state.resident
        for one in outcome.judged.findings:
            if isinstance(one, Computed):
                numbers.append(_number(outcome.pack, who, one, now))
            else:
                raised = _tell(one, who, uow, place) or raised
    if numbers:
        ingest.take(numbers, uow)
    return raised


def _tell(one: Raise | Clear, who: str, uow: UnitOfWork, place: Place | None) -> Alert | None:
    alerts, subject = Alerts(uow, BOOK), _PREFIX + who
    if isinstance(one, Clear):
        alerts.cleared(one.alert, subject, at=one.at)
        return None
    row = CareFiles(uow.conn, MACHINE).find(who)
    return alerts.raise_(
        Finding(
            rule=one.alert,
            subject=subject,
            severity=Severity(one.severity),
            area=row.area if row else "",
            subject_display=row.display_name if row else "",
            reasons=[Reason(each.text, dict(each.params), one.at) for each in one.reasons],
            place=place,
            at=one.at,
        )
    )


def _number(pack: RulePack, who: str, one: Computed, now: datetime) -> pb.RawReading:
    return pb.RawReading(
        device=f"rules-{pack.id}",
        subject=_PREFIX + who,
        kind=one.kind,
        value=one.value,
        unit=KINDS[one.kind].unit,
        observe_micros=to_micros(one.at),
        receive_micros=to_micros(now),
    )
