"""Who takes readings in: a service that does what every domain must and no more, and elder care."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Final

from sqlalchemy import Connection
from xianban.common.v1 import readings_pb2 as pb
from xianban.common.v1.alerts_pb2 import AlertRaised
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_eldercare.app import app as eldercare
from xianban_eldercare.handlers.ingest import PURPOSE
from xianban_sdk.app import Resources, Service
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.readings import Breach, Fact, Ingest, Kind, Kinds, Rule, Severity
from xianban_sdk.rpc.call import Call
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.testing.world import RelationsWorld

__all__ = ["BARE", "ELDERCARE", "SHAPES", "Shape", "Taker", "heard", "subject"]

# Milliseconds from the making of a reading until another consumer had its alarm.
heard: Final[list[float]] = []


@dataclass(frozen=True, slots=True)
class Shape:
    """What is told of each person at a moment, and of how many people; the first may alarm."""

    people: int
    numbers: Sequence[tuple[str, str, float]]
    alarming: float


SHAPES: Final[Mapping[str, Shape]] = {
    "heart": Shape(10_000, (("heart-rate", "/min", 72.5),), 180.0),
    # All that the early warning score asks for.
    "bedside": Shape(
        10_000,
        (
            ("oxygen-saturation", "%", 97.0),
            ("heart-rate", "/min", 72.5),
            ("respiratory-rate", "/min", 16.0),
            ("systolic-pressure", "mm[Hg]", 120.0),
            ("body-temperature", "Cel", 36.8),
        ),
        88.0,
    ),
}


@dataclass(frozen=True, slots=True)
class Taker:
    """A service, the workload that may send to it, and what is sent."""

    app: Service
    workload: str
    shape: str
    title: str = ""
    purpose: str = ""

    def prepare(self, world: RelationsWorld) -> None:
        """Everybody consents to what the service asks consent for."""
        if self.purpose:
            for person in range(SHAPES[self.shape].people):
                world.consent(subject(person).removeprefix("residents/"), self.purpose)


def subject(person: int) -> str:
    """The name of one of the people."""
    return f"residents/{person:026d}"


def _heard_of(made: float, uow: UnitOfWork) -> None:
    uow.after_commit(lambda: heard.append((time() - made) * 1000))


# -- the least that a domain does ------------------------------------------------------------------

_NAME: Final = "ingestbench"
_KINDS: Final = Kinds(
    [Kind(code="heart-rate", unit="/min", low=20, high=300, not_measured=frozenset({0.0}))]
)
_RULES: Final = (
    Breach(
        name="heart-fast",
        kind="heart-rate",
        severity=Severity.SEVERE,
        side="above",
        level=140,
        clear_level=120,
    ),
    Breach(
        name="heart-slow",
        kind="heart-rate",
        severity=Severity.SEVERE,
        side="below",
        level=40,
        clear_level=45,
    ),
)


class BareServicer:
    """What a domain's servicer does, and no more."""

    def __init__(self, _resources: Resources) -> None:
        self._ingest = Ingest(_KINDS, rules=_rules, on_facts=_tell)

    def IngestBatch(self, request: pb.IngestBatchRequest, call: Call) -> pb.IngestBatchResponse:
        return self._ingest.batch(request, call.uow)

    def ReportDeviceEvent(
        self, request: pb.ReportDeviceEventRequest, call: Call
    ) -> pb.ReportDeviceEventResponse:
        return pb.ReportDeviceEventResponse()


def _rules(
    _conn: Connection, wanted: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[Rule]]:
    return dict.fromkeys(wanted, _RULES)


def _tell(facts: Sequence[Fact], uow: UnitOfWork) -> None:
    for fact in facts:
        made = fact.reasons[0].observed_at.timestamp()
        told = MessageRequested(recipient=fact.subject, template="bench", dedupe_key=repr(made))
        uow.emit(told, aggregate=fact.subject)


@consumer(f"{_NAME}.v1.message_requested")
def on_alarm(event: MessageRequested, *, uow: UnitOfWork, meta: Event) -> None:
    """Another service has it, by outbox, relay, bus and inbox."""
    del meta
    _heard_of(float(event.dedupe_key), uow)


BARE: Final = Taker(
    Service(
        name=_NAME,
        package="bench",
        servicers={"xianban.common.v1.IngestService": BareServicer},
        consumers=(on_alarm,),
        policy="ingest.cedar",
    ),
    workload="sensing",
    shape="heart",
)

# -- elder care: consent, limits, installed rule packs, alerts with their ladder -------------------


@consumer("eldercare.v1.alert_raised")
def on_alert(event: AlertRaised, *, uow: UnitOfWork, meta: Event) -> None:
    """As the desk and the pages hear of it."""
    del meta
    _heard_of(event.alert.reasons[0].observe_time.ToNanoseconds() / 1e9, uow)


ELDERCARE: Final = Taker(
    replace(eldercare, consumers=[*eldercare.consumers, on_alert]),
    workload="uplink",
    shape="bedside",
    title="elder care with its rule packs, ",
    purpose=PURPOSE,
)
