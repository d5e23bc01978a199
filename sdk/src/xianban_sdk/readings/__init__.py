"""Readings: numbers from devices, kept raw, judged, ruled on, and shown only with verdict and age.

How a service uses it::

    # kinds.py: what is measured, declared once
    KINDS = Kinds([
        Kind(
            code="oxygen-saturation", unit="%", low=50, high=100, not_measured=frozenset({0.0}),
            max_change=5, names={"zh-CN": "血氧", "en": "Blood oxygen"},
        ),
    ])

    # servicer.py
    class IngestServicer:
        def __init__(self, resources: Resources) -> None:
            self._ingest = Ingest(KINDS, rules=rules_of, on_facts=alerts.on_facts)

        def IngestBatch(
            self, request: pb.IngestBatchRequest, call: Call
        ) -> pb.IngestBatchResponse:
            return self._ingest.batch(request, call.uow)

    # repository.py: thresholds per person, asked once per batch and remembered for 30 s
    def rules_of(conn, wanted):  # {(subject, kind)} → {(subject, kind): [Breach(…), Trend(…)]}
        ...

    # handlers.py: a person sees `Shown` or `Withheld`; there is no third way to the number
    found = Readings(uow.conn, scope, KINDS).present("residents/" + resident, ["oxygen-saturation"])
    return [convert.judged(one, uow.clock.now(), locale) for one in found]

    # app.py
    loops=(keep_readings, …)   # partitions made ahead, hours summed up, old rows dropped
"""

from xianban_sdk.readings.facts import Cleared, Fact, OnFacts, Raised, Reason, Severity
from xianban_sdk.readings.ingest import Foreseen, Ingest, Rejection, Taken
from xianban_sdk.readings.kinds import Kind, Kinds
from xianban_sdk.readings.reading import (
    Flaw,
    Place,
    Reading,
    Shown,
    Silence,
    Verdict,
    Withheld,
)
from xianban_sdk.readings.repository import Hour, Readings
from xianban_sdk.readings.rules import Breach, Rule, Trend
from xianban_sdk.readings.verdicts import Clocks

__all__ = [
    "Breach",
    "Cleared",
    "Clocks",
    "Fact",
    "Flaw",
    "Foreseen",
    "Hour",
    "Ingest",
    "Kind",
    "Kinds",
    "OnFacts",
    "Place",
    "Raised",
    "Reading",
    "Readings",
    "Reason",
    "Rejection",
    "Rule",
    "Severity",
    "Shown",
    "Silence",
    "Taken",
    "Trend",
    "Verdict",
    "Withheld",
]
