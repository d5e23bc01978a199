"""How elders are: domain → protobuf."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.alerts import Alert, State, Step, alert_to_wire, step_to_wire
from xianban_sdk.readings import Hour, Reading, Severity, Shown, Silence
from xianban_sdk.readings.convert import judged

from xianban_eldercare.alarms import BOOK
from xianban_eldercare.handlers import monitoring
from xianban_eldercare.vitals import Limits

__all__ = [
    "alert",
    "alert_name",
    "care_state",
    "hour",
    "limits",
    "reading",
    "sos",
    "threshold",
]

_PACKAGE: Final = "xianban_eldercare"
_SOS: Final = {
    State.RAISED: pb.SOS_STATE_CALLING,
    State.ACKNOWLEDGED: pb.SOS_STATE_ACKNOWLEDGED,
    State.DISPATCHED: pb.SOS_STATE_COMING,
    State.RESOLVED: pb.SOS_STATE_OVER,
    State.CLOSED: pb.SOS_STATE_OVER,
}
_WORDS: Final = {
    State.RAISED: "sos-calling",
    State.ACKNOWLEDGED: "sos-acknowledged",
    State.DISPATCHED: "sos-coming",
    State.RESOLVED: "sos-over",
    State.CLOSED: "sos-over",
}


def care_state(found: monitoring.State, now: datetime, locale: str) -> pb.CareState:
    return pb.CareState(
        name=f"residents/{found.resident}/careState",
        display_name=found.display_name,
        sentence=_sentence(found, now, locale),
        vitals=[_vital(one, own, now, locale) for one, own in found.vitals],
        alerts=[alert_to_wire(one, BOOK, locale) for one in found.alerts],
        devices=found.devices,
        oxygen_scale=found.oxygen_scale,
    )


def _sentence(found: monitoring.State, now: datetime, locale: str) -> str:
    """What a daughter wants to know first."""
    standing = [one for one in found.alerts if one.open]
    age = found.newest(now)
    minutes = int(age.total_seconds() // 60) if age is not None else 0
    values = {"name": found.display_name, "count": len(standing), "minutes": minutes}
    if standing:
        title = i18n.text(f"alert-{standing[0].rule}", locale, _PACKAGE)
        return i18n.text("state-alarm", locale, _PACKAGE, title=title, **values)
    if not found.devices:
        return i18n.text("state-no-devices", locale, _PACKAGE, **values)
    if age is None:
        return i18n.text("state-silent", locale, _PACKAGE, **values)
    # Nothing is called well while a number that came before cannot be believed now.
    key = "state-partly" if found.doubtful(now) else "state-well"
    return i18n.text(key, locale, _PACKAGE, **values)


def _vital(one: Reading | Silence, own: Limits | None, now: datetime, locale: str) -> pb.Vital:
    shown = pb.Vital(reading=judged(one, now, locale))
    if own is not None and own.low is not None:
        shown.low = own.low
    if own is not None and own.high is not None:
        shown.high = own.high
    return shown


def hour(found: Hour) -> pb.VitalPoint:
    made = pb.VitalPoint(
        value=found.mean,
        low=found.low,
        high=found.high,
        verdict=readings_pb2.READING_VERDICT_FRESH,
    )
    made.time.FromDatetime(found.begin)
    return made


def reading(found: Reading, now: datetime) -> pb.VitalPoint:
    told = found.then(now)
    made = pb.VitalPoint(verdict=readings_pb2.ReadingVerdict.ValueType(told.verdict.value))
    made.time.FromDatetime(found.observed_at)
    if isinstance(told, Shown):
        made.value = told.value
    return made


def threshold(resident: str, kind: str, found: Limits, own: bool) -> pb.Threshold:
    made = pb.Threshold(
        name=f"residents/{resident}/thresholds/{kind}",
        sustain_seconds=int(found.lasting.total_seconds()),
        severity=alerts_pb2.AlertSeverity.ValueType(int(found.severity)),
        own=own,
    )
    if found.low is not None:
        made.low = found.low
    if found.high is not None:
        made.high = found.high
    return made


def limits(given: pb.Threshold) -> Limits:
    return Limits(
        given.low if given.HasField("low") else None,
        given.high if given.HasField("high") else None,
        timedelta(seconds=given.sustain_seconds),
        Severity(given.severity),
    )


def alert_name(name: str) -> str:
    """`residents/{r}/alerts/{a}` → `alerts/{a}`."""
    return "alerts/" + name.rpartition("/")[2]


def alert(found: Alert, steps: list[Step], locale: str) -> pb.ResidentAlert:
    return pb.ResidentAlert(
        alert=alert_to_wire(found, BOOK, locale),
        steps=[step_to_wire(one, BOOK, locale) for one in steps],
    )


def sos(resident: str, found: Alert | None, locale: str) -> pb.Sos:
    made = pb.Sos(name=f"residents/{resident}/sos")
    if found is None:
        made.text = i18n.text("sos-none", locale, _PACKAGE)
        return made
    by = found.acknowledged_by_display
    key = _WORDS[found.state] if by or found.state is not State.ACKNOWLEDGED else "sos-answered"
    made.state = _SOS[found.state]
    made.alert = f"residents/{resident}/{found.name}"
    made.answered_by = by
    made.text = i18n.text(key, locale, _PACKAGE, by=by)
    made.raise_time.FromDatetime(found.raised_at)
    return made
