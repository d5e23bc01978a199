"""What devices tell: readings with consent, rules by each person's limits, events at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection
from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.alerts import Alert, Alerts, Finding, Reason, Severity, State
from xianban_sdk.clock import Clock
from xianban_sdk.identity.relations import FactsSource
from xianban_sdk.readings import Breach, Clocks, Fact, Ingest, Raised, Rule
from xianban_sdk.readings.watch import RULE as SILENT
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.storage.instant import from_micros, to_micros
from xianban_sdk.wire import instant, optional_instant, optional_place

from xianban_eldercare.alarms import BATTERY_LOW, BOOK, finding_about
from xianban_eldercare.domain.subjects import resident_of
from xianban_eldercare.handlers import batteries, sos
from xianban_eldercare.repository.oxygen_scales import on_scale_2
from xianban_eldercare.repository.presses import CALL, CALL_OFF, PressRow
from xianban_eldercare.repository.thresholds import limits_of
from xianban_eldercare.vitals import BATTERY, CHARGED, KINDS, OXYGEN, Limits, default_limits

__all__ = [
    "CLOCKS",
    "MOTION",
    "PURPOSE",
    "agrees",
    "consented",
    "feedback_of",
    "ingest_of",
    "on_facts",
    "report_event",
    "rules_of",
]

PURPOSE: Final = "eldercare.monitoring"
# How far a device is believed about the time, whatever it tells.
CLOCKS: Final = Clocks()
# How far inside the limit a number must come back, as a share of the limit.
_HYSTERESIS: Final = 0.02
_CLEAR_AFTER: Final = timedelta(minutes=1)

# Event → (rule, severity, why). Others are stored by nobody: the device's own business.
_EVENTS: Final[Mapping[str, tuple[str, Severity, str]]] = {
    CALL: (sos.RULE, Severity.EXTREME, "reason-sos"),
    "fall": ("fall", Severity.SEVERE, "reason-fall"),
    "tamper": ("device-tampered", Severity.MODERATE, "reason-device-tampered"),
    "low-battery": (BATTERY_LOW, Severity.MINOR, "reason-battery-low-told"),
}
# Judged by rule packs.
MOTION: Final = "motion-window"
_FEEDBACK: Final = {
    State.RAISED: "received",
    State.ACKNOWLEDGED: "acknowledged",
    State.DISPATCHED: "coming",
    State.RESOLVED: "over",
    State.CLOSED: "over",
}


def ingest_of() -> Ingest:
    """One per process; it remembers series and limits for a while."""
    return Ingest(KINDS, rules=rules_of, on_facts=on_facts, clocks=CLOCKS)


def consented(
    readings: Sequence[pb.RawReading], relations: FactsSource, clock: Clock
) -> tuple[list[int], list[int]]:
    """The places of readings of people who agreed to be monitored, and those of the others.

    Without a live consent a number is not even stored (PIPL arts. 13, 29).
    """
    subjects = [reading.subject for reading in readings]
    known = relations.about({resident_of(subject) for subject in subjects})
    now = clock.now()
    agreed = {resident for resident, facts in known.items() if facts.agrees_to(PURPOSE, now)}
    kept: list[int] = []
    refused: list[int] = []
    for place, subject in enumerate(subjects):
        (kept if resident_of(subject) in agreed else refused).append(place)
    return kept, refused


def agrees(subject: str, relations: FactsSource, clock: Clock) -> bool:
    """Whether somebody consented to be monitored, and still does."""
    facts = relations.facts("", resident_of(subject))
    return facts.agrees_to(PURPOSE, clock.now())


def rules_of(
    conn: Connection, wanted: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[Rule]]:
    """A person's own limits, else the district's."""
    own = limits_of(conn, {resident_of(subject) for subject, _ in wanted})
    measured = {resident_of(subject) for subject, kind in wanted if kind == OXYGEN}
    scale_2 = on_scale_2(conn, measured)
    found: dict[tuple[str, str], Sequence[Rule]] = {}
    for subject, kind in wanted:
        who = resident_of(subject)
        limits = own.get((who, kind)) or default_limits(scale_2=who in scale_2).get(kind)
        if limits is not None:
            found[(subject, kind)] = _rules(kind, limits)
    return found


@lru_cache(maxsize=4096)
def _rules(kind: str, limits: Limits) -> tuple[Rule, ...]:
    """Most people share the district's: made once."""
    rules: list[Rule] = []
    if limits.low is not None:
        margin = abs(limits.low) * _HYSTERESIS
        clear = CHARGED if kind == BATTERY else limits.low + margin
        rules.append(_breach(kind, "below", limits.low, clear, limits))
    if limits.high is not None:
        margin = abs(limits.high) * _HYSTERESIS
        rules.append(_breach(kind, "above", limits.high, limits.high - margin, limits))
    return tuple(rules)


def _breach(kind: str, side: str, level: float, clear: float, limits: Limits) -> Breach:
    return Breach(
        name=f"{kind}-{'low' if side == 'below' else 'high'}",
        kind=kind,
        severity=limits.severity,
        side="below" if side == "below" else "above",
        level=level,
        clear_level=clear,
        lasting=limits.lasting,
        # Told so seldom that one number must do.
        clear_after=timedelta(0) if kind == BATTERY else _CLEAR_AFTER,
    )


def on_facts(facts: Sequence[Fact], uow: UnitOfWork) -> None:
    """Inside the transaction that stored the readings: an alarm is never a step behind them."""
    alerts = Alerts(uow, BOOK)
    for fact in facts:
        if isinstance(fact, Raised):
            alerts.raise_(_finding(fact, uow))
        elif fact.rule != BATTERY_LOW:
            alerts.cleared(fact.rule, fact.subject, at=fact.at)
        if fact.rule == (SILENT if isinstance(fact, Raised) else BATTERY_LOW):
            batteries.look_again([fact.subject], uow=uow)


def _finding(fact: Raised, uow: UnitOfWork) -> Finding:
    at = None if fact.again else fact.since
    reasons = [replace(one, params={**one.params, "device": fact.device}) for one in fact.reasons]
    return finding_about(fact.subject, fact.rule, fact.severity, reasons, uow=uow, at=at)


def report_event(event: pb.DeviceEvent, uow: UnitOfWork) -> tuple[Alert | None, str]:
    """The alert that stands for the event, and what the wearer may be told.

    An SOS needs no consent (PIPL art. 13(4): to protect life); the same event again is the same.
    """
    at = _occurred(event, uow.clock.now())
    uow.arrived_at = event.receive_time.ToDatetime(UTC) if event.HasField("receive_time") else at
    if event.kind == CALL_OFF:
        left = sos.called_off_by(_press(event, at, uow), event.calls_off, uow=uow)
        return left, feedback_of(left) or "over"
    if event.kind not in _EVENTS:
        return None, ""
    rule, severity, why = _EVENTS[event.kind]
    reasons = [Reason(why, {"device": event.device}, at)]
    place = optional_place(event)
    found = finding_about(event.subject, rule, severity, reasons, uow=uow, place=place, at=at)
    raised = Alerts(uow, BOOK).raise_(found)
    if event.kind == CALL:
        sos.pressed(_press(event, at, uow), raised, uow=uow)
    return raised, feedback_of(raised)


def _press(event: pb.DeviceEvent, at: datetime, uow: UnitOfWork) -> PressRow:
    heard = uow.clock.now()
    return PressRow(resident_of(event.subject), event.id, event.device, event.kind, "", at, heard)


def _occurred(event: pb.DeviceEvent, now: datetime) -> datetime:
    """By the rule of readings; but nothing is too old to be heard: then, too, it counts from its
    arrival."""
    received = min(optional_instant(event, "receive_time") or now, now)
    placed = CLOCKS.effective(to_micros(instant(event.occur_time)), to_micros(received))
    return from_micros(placed[0]) if placed else received


def feedback_of(alert: Alert | None) -> str:
    """What the wearer may be told of it; empty: nothing stands."""
    return _FEEDBACK[alert.state] if alert else ""
