"""A rule pack's answer: looked through before it is believed, and kept with the readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import isfinite
from typing import Any, Final, cast

from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.alerts import Alert, Alerts, Place, Reason
from xianban_sdk.readings import Ingest
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.storage.instant import from_micros, to_micros

from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.hookspecs import (
    Because,
    Case,
    Clear,
    Computed,
    Judged,
    Raise,
    RulePack,
    Severity,
)
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.pack_states import PackState, PackStates
from xianban_eldercare.vitals import KINDS

__all__ = ["Outcome", "PackLied", "checked", "keep"]

_MOST_STATE: Final = 4000
_MOST_FINDINGS: Final = 1000
_MOST_REASONS: Final = 8
_MOST_PARAMS: Final = 16
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
    """The answer in plain values, if every part of it is what the pack may say.

    Raises PackLied alone, whatever the answer does on being looked at.
    """
    try:
        return _plain(pack, answer, case)
    except PackLied:
        raise
    except Exception as error:
        raise PackLied(f"its answer can't be read: {type(error).__name__}") from error


def _plain(pack: RulePack, answer: object, case: Case) -> Judged:
    if not isinstance(answer, Judged):
        raise PackLied(f"answered {answer!r}"[:200])
    state = _text(answer.state, _MOST_STATE)
    found = cast("tuple[object, ...]", answer.findings)
    _expect(isinstance(cast(Any, found), tuple), "its findings are no tuple")
    _expect(len(found) <= _MOST_FINDINGS, "it found too much at once")
    return Judged(state, tuple(_finding(pack, one, case) for one in found))


def _finding(pack: RulePack, one: object, case: Case) -> Raise | Clear | Computed:
    if isinstance(one, Computed):
        return Computed(_kind(pack, one), _number(one.value), _instant(one.at, case))
    if not isinstance(one, Raise | Clear):
        raise PackLied(f"found {one!r}"[:200])
    kind = next((kind for kind in pack.alerts if kind.code == one.alert), None)
    if kind is None:
        raise PackLied(f"it declares no alert {one.alert!r}"[:200])
    at = _instant(one.at, case)
    if isinstance(one, Clear):
        return Clear(kind.code, at)
    # Its state says that it was told: were that kept, nobody would ever hear of it.
    _expect(not case.is_history(at), "it raises what is history")
    _expect(one.severity in kind.severities, "a severity is not declared")
    return Raise(kind.code, at, Severity(one.severity), _reasons(one.reasons))


def _kind(pack: RulePack, one: Computed) -> str:
    _expect(one.kind in pack.computes, f"it does not compute {one.kind!r}"[:200])
    return _text(one.kind, _MOST_TEXT)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or not isfinite(value):
        raise PackLied("a value is no finite number")
    return float(value)


def _instant(at: object, case: Case) -> datetime:
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise PackLied("an instant is none")
    _expect(at <= case.now + _AHEAD, "an instant lies in the future")
    return from_micros(to_micros(at))


def _reasons(reasons: object) -> tuple[Because, ...]:
    _expect(isinstance(reasons, tuple), "reasons are no tuple")
    given = cast("tuple[object, ...]", reasons)
    _expect(len(given) <= _MOST_REASONS, "too many reasons")
    return tuple(_because(one) for one in given)


def _because(one: object) -> Because:
    if not isinstance(one, Because):
        raise PackLied("a reason is none")
    params = {_text(key, _MOST_TEXT): _text(told, _MOST_TEXT) for key, told in one.params.items()}
    _expect(len(params) <= _MOST_PARAMS, "a reason has too many values")
    return Because(_text(one.text, _MOST_TEXT), params)


def _text(told: object, most: int) -> str:
    """Such as every database can keep."""
    if not isinstance(told, str) or len(told) > most or "\x00" in told:
        raise PackLied("a text is none, or too long")
    told.encode()
    return str.__str__(told)


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
        changed = [one.state.answered(one.judged.state) for one in found]
        PackStates(uow.conn, MACHINE).save(changed, pack.version, now)
    numbers: list[pb.RawReading] = []
    raised: Alert | None = None
    for outcome in outcomes:
        who = outcome.state.resident
        for one in outcome.judged.findings:
            if isinstance(one, Computed):
                numbers.append(_reading(outcome.pack, who, one, now))
            else:
                raised = _tell(one, who, uow, place) or raised
    if numbers:
        ingest.take(numbers, uow)
    return raised


def _tell(one: Raise | Clear, who: str, uow: UnitOfWork, place: Place | None) -> Alert | None:
    alerts, subject = Alerts(uow, BOOK), subject_of(who)
    if isinstance(one, Clear):
        alerts.cleared(one.alert, subject, at=one.at)
        return None
    reasons = [Reason(each.text, each.params, one.at) for each in one.reasons]
    found = finding_about(
        subject, one.alert, one.severity, reasons, uow=uow, place=place, at=one.at
    )
    return alerts.raise_(found)


def _reading(pack: RulePack, who: str, one: Computed, now: datetime) -> pb.RawReading:
    return pb.RawReading(
        device=f"rules-{pack.id}",
        subject=subject_of(who),
        kind=one.kind,
        value=one.value,
        unit=KINDS[one.kind].unit,
        observe_micros=to_micros(one.at),
        receive_micros=to_micros(now),
    )
