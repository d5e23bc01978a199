"""Everything that parking asks of a plugin, answered with every field of its types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from xianban_parking.hookspecs import (
    CallbackOutcome,
    Concession,
    ConcessionRequest,
    GateEvent,
    LotFacts,
    LotObservation,
    PaymentOrder,
    PaymentStart,
    Place,
    Rejected,
    hookimpl,
)

ID = "matrix-0-1-parking"
NAMES = {"zh-CN": "矩阵", "en": "Matrix"}
FACTS = LotFacts(
    lot="a",
    names=NAMES,
    latitude=30.9,
    longitude=121.4,
    capacity=10,
    address="1 Road",
    area="310120/nanqiao",
    operator="x",
    accessible_places=1,
    ev_places=2,
    park_and_ride=True,
    max_height_cm=210,
    opening_hours="24/7",
    polygon=((30.9, 121.4), (30.8, 121.4), (30.9, 121.4)),
    attribution="y",
)


class Source:
    id = ID
    names: Mapping[str, str] = NAMES
    mode = "push"
    cadence = timedelta(minutes=5)

    def read(self, now: datetime) -> Iterator[LotFacts | LotObservation | Rejected]:
        yield FACTS
        yield LotObservation("a", now, free=1, occupied=9, capacity=10)
        yield Rejected("2", "capacity", "no number", "many")

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[LotFacts | LotObservation | Rejected]:
        if "x-proof" not in headers:
            raise PermissionError("no proof")
        yield LotObservation("a", now, free=len(body))

    def history(self, since: datetime, until: datetime) -> Iterator[LotObservation]:
        yield LotObservation("a", since, occupied=1)
        yield LotObservation("a", until, occupied=2)


class Lines:
    id = ID

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"{")

    def read(self, path: Path) -> Iterator[LotFacts | LotObservation | Rejected]:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield Rejected(f"line {number}", "line", line)


class Barrier:
    id = ID

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[GateEvent | Rejected]:
        yield GateEvent("1", "a", "east", "in", "沪AD12345", now, 0.5, "t")
        yield Rejected("2", "plate", "unreadable")


class Provider:
    id = ID
    names: Mapping[str, str] = NAMES

    def start(self, order: PaymentOrder) -> PaymentStart:
        return PaymentStart(f"https://pay.example/{order.payment}", str(order.amount_fen))

    def callback(self, body: bytes, headers: Mapping[str, str]) -> CallbackOutcome:
        raise ValueError("no such payment")

    def refund(self, payment: str, refund: str, amount_fen: int) -> None:
        raise KeyError(payment)


class Places:
    id = ID

    def find(self, query: str, limit: int) -> list[Place]:
        return [Place(NAMES, 30.9, 121.4)] * limit


@hookimpl
def register_feed() -> list[Source]:
    return [Source()]


@hookimpl
def register_file_format() -> list[Lines]:
    return [Lines()]


@hookimpl
def register_gate() -> list[Barrier]:
    return [Barrier()]


@hookimpl
def register_payment() -> list[Provider]:
    return [Provider()]


@hookimpl
def register_geocoder() -> list[Places]:
    return [Places()]


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    whole = (request.end - request.start).total_seconds()
    return [
        Concession(ID, NAMES, percent=10),
        Concession(request.lot, NAMES, free_minutes=int(whole)),
        Concession(request.vehicle_kind, NAMES, amount_fen=len(request.rights)),
    ]
