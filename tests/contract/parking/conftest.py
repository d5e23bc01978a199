"""Parking under test: the real service on real sockets, with fake plugins that answer at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.api import httpbody_pb2
from parking_names import PLATE, RESIDENT
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import operator_pb2_grpc, parking_pb2_grpc
from xianban.parking.v1 import parking_pb2 as rpc
from xianban_parking import hookspecs, loops
from xianban_parking.app import app
from xianban_parking.handlers.counts import FeedFacts, take_in
from xianban_parking.hookspecs import (
    CallbackOutcome,
    GateEvent,
    LotFacts,
    LotObservation,
    PaymentOrder,
    PaymentStart,
    Place,
    Rejected,
    hookimpl,
)
from xianban_parking.repository import MACHINE, Lots
from xianban_parking.repository.rows import TariffRow
from xianban_sdk import plugins
from xianban_sdk.storage import open_unit_of_work

RULES = {
    "free_minutes": 15,
    "bands": [{"name": "all", "units": [{"minutes": 60, "amount_fen": 500}], "cap_fen": 3000}],
}


class FakeFeed:
    """A pushed feed of JSON items."""

    id, names, mode, cadence = "fake-push", {"en": "Fake"}, "push", timedelta(minutes=5)

    def read(self, now: datetime) -> Iterator[LotFacts | LotObservation | Rejected]:
        return iter(())

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[LotFacts | LotObservation | Rejected]:
        if headers.get("x-secret") != "feed":
            raise PermissionError("no secret")
        for number, item in enumerate(json.loads(body), 1):
            if "free" not in item:
                yield Rejected(f"item {number}", "free", "REQUIRED")
                continue
            yield LotObservation(item["lot"], datetime.fromisoformat(item["at"]), item["free"])


class FakeGate:
    """A camera that sends JSON."""

    id = "fake-gate"

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[GateEvent | Rejected]:
        if headers.get("x-secret") != "gate":
            raise PermissionError("no secret")
        for item in json.loads(body):
            yield GateEvent(
                event_id=item["id"],
                lot=item["lot"],
                gate="east",
                direction=item["direction"],
                plate=item["plate"],
                occurred_at=datetime.fromisoformat(item["at"]),
                token=item.get("token", ""),
            )


class FakePay:
    """A provider that remembers its orders and refunds by their idempotency keys."""

    id, names = "fake-pay", {"en": "Fake pay"}

    def __init__(self) -> None:
        self.orders: dict[str, PaymentOrder] = {}
        self.refunds: dict[str, int] = {}
        self.away = False

    def start(self, order: PaymentOrder) -> PaymentStart:
        if self.away:
            raise ConnectionError("away")
        self.orders.setdefault(order.payment, order)
        return PaymentStart(f"https://pay.test/{order.payment}", f"ref-{order.payment}")

    def callback(self, body: bytes, headers: Mapping[str, str]) -> CallbackOutcome:
        if headers.get("x-secret") != "pay":
            raise PermissionError("no secret")
        told = json.loads(body)
        told["occurred_at"] = datetime.fromisoformat(told["occurred_at"])
        return CallbackOutcome(**told)

    def refund(self, payment: str, refund: str, amount_fen: int) -> None:
        if self.away:
            raise ConnectionError("away")
        self.refunds.setdefault(refund, amount_fen)


class FakePlugin:
    """One plugin with every capability."""

    def __init__(self) -> None:
        self.pay = FakePay()
        self.granted: list[hookspecs.Concession] = []
        self.told: list[frozenset[str]] = []
        self.traffic: list[hookspecs.TrafficSource] = []

    @hookimpl
    def register_feed(self) -> list[hookspecs.Feed]:
        return [FakeFeed()]

    @hookimpl
    def register_gate(self) -> list[hookspecs.Gate]:
        return [FakeGate()]

    @hookimpl
    def register_payment(self) -> list[hookspecs.PaymentProvider]:
        return [self.pay]

    @hookimpl
    def register_geocoder(self) -> list[hookspecs.Geocoder]:
        return [self]

    id = "fake-geocoder"

    def find(self, query: str, limit: int) -> list[Place]:
        known = Place({"en": "Fengpu", "zh-CN": "奉浦"}, 30.941, 121.461)
        return [known] if query in ("奉浦", "Fengpu") else []

    @hookimpl
    def register_traffic(self) -> list[hookspecs.TrafficSource]:
        return self.traffic

    @hookimpl
    def tariff_concessions(
        self, request: hookspecs.ConcessionRequest
    ) -> list[hookspecs.Concession]:
        self.told.append(request.rights)
        return list(self.granted)


class Parking:
    """The service under test with what the tests do to it."""

    def __init__(self, under_test: Any, plugin: FakePlugin, clock: Any) -> None:
        self.service, self.plugin, self.clock = under_test, plugin, clock
        self.db = under_test.db
        self._events = 0

    def people(self, person: str | None = None, **options: Any) -> Any:
        return self.service.stub(parking_pb2_grpc.ParkingServiceStub, person, **options)

    def operators(self, person: str | None = None, **options: Any) -> Any:
        return self.service.stub(operator_pb2_grpc.OperatorServiceStub, person, **options)

    def machines(self) -> Any:
        return self.service.stub(operator_pb2_grpc.IngestServiceStub, "")

    def unit(self) -> Any:
        resources = self.service.resources
        return open_unit_of_work(self.db, clock=self.clock, ids=resources.ids)

    def add_lot(self, lot: str, **facts: Any) -> None:
        changes = {name: facts.pop(name) for name in CHANGES & facts.keys()}
        told = {
            "names": {"zh-CN": f"停车场{lot}", "en": f"Car park {lot}"},
            "latitude": 30.94,
            "longitude": 121.46,
            "capacity": 100,
            "area": "310120/nanqiao",
            "operator": "NQ",
            **facts,
        }
        effective = self.clock.now() - timedelta(days=30)
        with self.unit() as uow:
            take_in(uow, FeedFacts("seed", 300), [LotFacts(lot, **told)])
            lots = Lots(uow.conn, MACHINE)
            lots.change(lot, **({"reservable_places": 10} | changes))
            lots.add_tariff(TariffRow(lot, 1, effective, RULES))

    def count(self, lot: str, free: int, ago: timedelta = timedelta()) -> None:
        with self.unit() as uow:
            seen = LotObservation(lot, self.clock.now() - ago, free)
            take_in(uow, FeedFacts("seed", 300), [seen])

    def gate(self, direction: str, plate: str = PLATE, lot: str = "a", **more: Any) -> Any:
        self._events += 1
        event = {
            "id": more.pop("event", f"e{self._events}"),
            "lot": lot,
            "direction": direction,
            "plate": plate,
            "at": more.pop("at", self.clock.now()).isoformat(),
            **more,
        }
        return self.gate_message([event])

    def gate_message(self, events: list[dict[str, Any]]) -> Any:
        body = httpbody_pb2.HttpBody(
            content_type="application/json", data=json.dumps(events).encode()
        )
        return self.machines().ReceiveGateMessage(
            op.ReceiveGateMessageRequest(gate="gates/fake-gate", body=body),
            metadata=[("x-secret", "gate")],
        )

    def callback(self, payment: Any, state: str = "captured", **more: Any) -> Any:
        told = {
            "callback_id": more.pop("callback_id", f"{state}-{payment.name[-6:]}"),
            "payment": payment.name.rsplit("/", 1)[1],
            "state": state,
            "amount_fen": payment.amount_fen,
            "occurred_at": self.clock.now().isoformat(),
            **more,
        }
        body = httpbody_pb2.HttpBody(data=json.dumps(told).encode())
        request = op.ReceivePaymentCallbackRequest(provider="fake-pay", body=body)
        return self.machines().ReceivePaymentCallback(request, metadata=[("x-secret", "pay")])

    def own(self, plate: str = PLATE, parent: str = RESIDENT, person: str = "resident") -> Any:
        asked = rpc.CreateVehicleRequest(parent=parent, plate=plate, request_id=f"own-{plate}-1")
        return self.people(person).CreateVehicle(asked)

    def stay(self, hours: int = 2, plate: str = PLATE, lot: str = "a") -> Any:
        """A finished stay of a registered vehicle; returns its session."""
        self.gate("in", plate, lot)
        self.clock.advance(timedelta(hours=hours))
        self.gate("out", plate, lot)
        return self.sessions()[0]

    def sessions(self, parent: str = RESIDENT, person: str = "resident") -> Any:
        asked = rpc.ListSessionsRequest(parent=parent)
        return self.people(person).ListSessions(asked).sessions

    def pay(self, payable: str, fen: int, request_id: str = "pay-0001", **more: Any) -> Any:
        asked = rpc.CreatePaymentRequest(
            parent=RESIDENT, payable=payable, expected_fen=fen, request_id=request_id, **more
        )
        return self.people("resident").CreatePayment(asked)

    def payment(self, name: str) -> Any:
        return self.people("resident").GetPayment(rpc.GetPaymentRequest(name=name))

    def fire_timers(self) -> None:
        from xianban_parking.timers import HANDLERS
        from xianban_sdk.timers import Timers

        resources = self.service.resources
        Timers(self.db, HANDLERS, clock=self.clock, ids=resources.ids).fire_due()

    def give_refunds(self) -> int:
        return loops.give_refunds(self.service.resources)


CHANGES = {"reservable_places", "credit_exit", "gate_counted"}


@pytest.fixture
def plugin() -> FakePlugin:
    return FakePlugin()


@pytest.fixture
def parking(
    service_under_test: Callable[..., Any],
    plugin: FakePlugin,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Parking:
    real = plugins.build
    monkeypatch.setattr(plugins, "build", lambda domain, specs, *_: real(domain, specs, [plugin]))
    # Refunds, retention and forecasts are run by the tests, one step at a time.
    quiet = type(app)(**{**vars(app), "loops": [], "seed": None})
    made = Parking(service_under_test(quiet), plugin, clock)
    made.add_lot("a")
    return made


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Asks again until the assertion holds; what consumers do takes a moment."""

    def wait(check: Callable[[], Any], seconds: float = 10.0) -> Any:
        end = time.monotonic() + seconds
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    return wait
