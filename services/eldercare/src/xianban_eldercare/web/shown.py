"""Numbers and alerts as a page says them: never a number without its verdict and age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.eldercare.v1 import monitoring_pb2 as pb

VERDICTS = {
    readings_pb2.READING_VERDICT_FRESH: "fresh",
    readings_pb2.READING_VERDICT_LATE: "late",
    readings_pb2.READING_VERDICT_STALE: "stale",
    readings_pb2.READING_VERDICT_IMPLAUSIBLE: "implausible",
    readings_pb2.READING_VERDICT_SILENT: "silent",
}
TRUSTED = frozenset({"fresh", "late"})
# UCUM → the text that stands for it.
UNITS = {"/min": "per-minute", "%": "percent", "Cel": "celsius", "mm[Hg]": "mmhg"}
# 0 and 1 mean something else for each of these.
_SWITCHES = frozenset({"smoke", "gas", "door", "motion", "consciousness", "supplemental-oxygen"})
# A number whose page is no longer refreshed is called old after this many seconds.
_LEAST_STALE = 300
_GRACE = 120

SEVERITIES = {
    alerts_pb2.ALERT_SEVERITY_MINOR: ("minor", "info"),
    alerts_pb2.ALERT_SEVERITY_MODERATE: ("moderate", "warn"),
    alerts_pb2.ALERT_SEVERITY_SEVERE: ("severe", "danger"),
    alerts_pb2.ALERT_SEVERITY_EXTREME: ("extreme", "danger"),
}
STATES = {
    alerts_pb2.ALERT_STATE_RAISED: ("raised", "danger"),
    alerts_pb2.ALERT_STATE_ACKNOWLEDGED: ("acknowledged", "warn"),
    alerts_pb2.ALERT_STATE_DISPATCHED: ("dispatched", "info"),
    alerts_pb2.ALERT_STATE_RESOLVED: ("resolved", "ok"),
    alerts_pb2.ALERT_STATE_CLOSED: ("closed", "plain"),
}


@dataclass(frozen=True)
class Measure:
    """A quantity as it may be said: `number` is empty unless the verdict allows one."""

    kind: str
    name: str
    number: str
    unit: str
    verdict: str
    # "low" | "high" | "" against the person's own band.
    beyond: str
    low: str
    high: str
    at: Timestamp | None
    last_good: Timestamp | None
    stale_after: int
    clock_wrong: bool
    switch: str

    @property
    def tone(self) -> str:
        if not self.number:
            return "warn"
        if self.beyond:
            return "danger"
        return "ok" if self.verdict == "fresh" else "warn"


def measure(vital: pb.Vital) -> Measure:
    """The verdict decides whether there is a number at all."""
    reading = vital.reading
    verdict = VERDICTS.get(reading.verdict, "silent")
    value = reading.value if verdict in TRUSTED and reading.HasField("value") else None
    return Measure(
        kind=reading.kind,
        name=reading.kind_display or reading.kind,
        number=number(value),
        unit=UNITS.get(reading.unit, ""),
        verdict=verdict if verdict not in TRUSTED or value is not None else "silent",
        beyond=_beyond(value, vital),
        low=number(vital.low) if vital.HasField("low") else "",
        high=number(vital.high) if vital.HasField("high") else "",
        at=reading.observe_time if reading.HasField("observe_time") else None,
        last_good=reading.last_good_time if reading.HasField("last_good_time") else None,
        stale_after=max(_LEAST_STALE, reading.age_seconds + _GRACE),
        clock_wrong=reading.clock_wrong,
        switch=_switch(reading.kind, value),
    )


def number(value: float | None) -> str:
    """At most one decimal: 36.5, 72."""
    return "" if value is None else f"{round(value, 1):g}"


def _switch(kind: str, value: float | None) -> str:
    if kind not in _SWITCHES or value is None:
        return ""
    return f"{kind}-{'on' if value > 0.5 else 'off'}"


def _beyond(value: float | None, vital: pb.Vital) -> str:
    if value is None:
        return ""
    if vital.HasField("low") and value < vital.low:
        return "low"
    return "high" if vital.HasField("high") and value > vital.high else ""


def tail(name: str) -> str:
    """The id at the end of a resource name."""
    return name.rpartition("/")[2]


def is_over(at: Timestamp) -> bool:
    """The instant is set and has passed."""
    return 0 < at.seconds <= int(datetime.now(UTC).timestamp())


def is_open(alert: alerts_pb2.Alert) -> bool:
    """Something is still to be done."""
    return alert.state < alerts_pb2.ALERT_STATE_RESOLVED


def is_untaken(alert: alerts_pb2.Alert) -> bool:
    """Nobody has said "I see to it"."""
    return alert.state == alerts_pb2.ALERT_STATE_RAISED
