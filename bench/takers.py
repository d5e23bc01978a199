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
    """What is told of each person at a moment, and of how many people; the first may alarm.

    `moments` of one person follow each other in a batch, a millisecond apart.
    """

    people: int
    numbers: Sequence[tuple[str, str, Sequence[float]]]
    alarming: float
    moments: int = 1


# All that the early warning score asks for; well people's, so that it is the first that alarms.
_ALL: Final = (
    ("oxygen-saturation", "%", (97.0, 98.0, 96.0, 97.0, 99.0)),
    ("heart-rate", "/min", tuple(float(rate) for rate in range(58, 88))),
    ("respiratory-rate", "/min", (14.0, 16.0, 15.0, 18.0)),
    ("systolic-pressure", "mm[Hg]", tuple(float(mm) for mm in range(114, 137))),
    ("body-temperature", "Cel", tuple(tenths / 10 for tenths in range(362, 373))),
)
SHAPES: Final[Mapping[str, Shape]] = {
    "heart": Shape(10_000, (("heart-rate", "/min", (72.5,)),), 180.0),
    # A finger clip: one number a message.
    "clip": Shape(10_000, _ALL[:1], 88.0),
    # A district's wristbands: 100 people in a batch of 500.
    "band": Shape(30_000, _ALL, 88.0),
    # Bands that kept what they measured while the link was away: ten people in a batch of 500.
    "kept": Shape(3_000, _ALL, 88.0, moments=10),
}


@dataclass(frozen=True, slots=True)
class Taker:
    """A service, the workload that may send to it, and what is sent."""

    app: Service
    workload: str
    shape: str
    title: str = ""
    purpose: str = ""

    @property
    def numbers(self) -> int:
        """How many different numbers everybody sends together."""
        shape = SHAPES[self.shape]
        return shape.people * len(shape.numbers)

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


_AS_IT_IS: Final = replace(eldercare, consumers=[*eldercare.consumers, on_alert])
ELDERCARE: Final = tuple(
    Taker(_AS_IT_IS, "uplink", shape, f"elder care with its rule packs, {mix}, ", PURPOSE)
    for shape, mix in (
        ("band", "100 people a batch"),
        ("kept", "10 people a batch"),
        ("clip", "500 people a batch"),
    )
)
