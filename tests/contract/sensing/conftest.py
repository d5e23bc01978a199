"""The device registry under test, with a plugin that knows one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from xianban.common.v1 import hand_overs_pb2, readings_pb2
from xianban.parking.v1 import events_pb2 as parking_pb2
from xianban.sensing.v1.context_pb2_grpc import ContextServiceStub
from xianban.sensing.v1.devices_pb2_grpc import DeviceServiceStub, UplinkServiceStub
from xianban.sensing.v1.subscriptions_pb2_grpc import SubscriptionServiceStub
from xianban_sdk import plugins
from xianban_sdk.clock import ManualClock
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox
from xianban_sdk.testing import RelationsWorld, ServiceUnderTest
from xianban_sensing.app import app
from xianban_sensing.consumers import (
    on_device_command_requested,
    on_device_hand_over_requested,
    on_occupancy_changed,
)
from xianban_sensing.hookspecs import DeviceAdapter, Promise, hookimpl


class FakeAdapter:
    """A wristband that says nothing, written before words named what they answer."""

    model = "fake-band"
    names = {"zh-CN": "测试手环", "en": "Test band"}  # noqa: RUF012 - as a plugin writes it
    promises = (Promise("heart-rate", "/min", 60),)
    has_display = True

    def parse(self, payload: bytes, now: datetime) -> Iterator[Any]:
        return iter(())

    def render(self, command: str, text: str) -> bytes:
        return text.encode()


class QuietAdapter(FakeAdapter):
    """Scales: they raise no alarms."""

    model = "quiet-scales"
    alarms = ()


class FakePlugin:
    @hookimpl
    def register_device_adapter(self) -> list[DeviceAdapter]:
        return [FakeAdapter(), QuietAdapter()]


class Sensing:
    """The registry, and stubs in people's names."""

    def __init__(self, service: ServiceUnderTest, clock: ManualClock) -> None:
        self.service, self.clock = service, clock

    def as_(self, person: str) -> Any:
        return self.service.stub(DeviceServiceStub, person)

    def things(self, person: str) -> Any:
        return self.service.stub(ContextServiceStub, person)

    def subscriptions(self, person: str) -> Any:
        return self.service.stub(SubscriptionServiceStub, person)

    def counted(self, lot: str, **told: Any) -> None:
        """As parking's event tells it."""
        event = parking_pb2.OccupancyChanged(lot=lot, **told)
        event.observe_time.FromDatetime(self.clock.now())
        self._deliver(on_occupancy_changed, event)

    def unit(self) -> Any:
        """A unit of work of the service's own."""
        resources = self.service.resources
        return open_unit_of_work(resources.db, clock=self.clock, ids=resources.ids)

    def inside(self, workload: str) -> Any:
        return self.service.stub(UplinkServiceStub, "", workload=workload)

    def command(
        self, device: str, key: str, word: str, text: str, *, seconds: int = 0, event: str = ""
    ) -> None:
        """As a domain's event asks for it."""
        told = readings_pb2.DeviceCommandRequested(
            device=device, key=key, command=word, text=text, event=event
        )
        if seconds:
            told.expire_time.FromDatetime(self.clock.now() + timedelta(seconds=seconds))
        self._deliver(on_device_command_requested, told)

    def hand_over(self, **asked: Any) -> None:
        """As a referral's event asks for it."""
        event = hand_overs_pb2.DeviceHandOverRequested(**asked)
        self._deliver(on_device_hand_over_requested, event)

    def handed_over(self) -> list[hand_overs_pb2.DevicesHandedOver]:
        """What sensing answered."""
        key = "sensing.v1.devices_handed_over"
        query = select(outbox.c.data).where(outbox.c.routing_key == key).order_by(outbox.c.seq)
        with self.service.db.read() as conn:
            found = [bytes(data) for data in conn.scalars(query)]
        return [hand_overs_pb2.DevicesHandedOver.FromString(data) for data in found]

    def _deliver(self, consumer: Any, event: Any) -> None:
        with self.unit() as uow:
            consumer(event, uow=uow, meta=None)


@pytest.fixture
def sensing(
    service_under_test: Callable[..., ServiceUnderTest],
    relations: RelationsWorld,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Sensing:
    """A keeper of the district's devices, a station here and one elsewhere."""
    real = plugins.build
    monkeypatch.setattr(
        plugins, "build", lambda domain, specs, *_: real(domain, specs, [FakePlugin()])
    )
    relations.member("admin", "device-keeper", ["310120"])
    relations.member("vendor", "vendor", ["310120"])
    relations.member("auditor", "vendor", ["310120"], organisation="别家")
    relations.member("doctor", "station-manager", ["310120/nanqiao"])
    relations.member("operator", "station-manager", ["310120/fengpu"])
    relations.grant("daughter", "elder", "family", ["eldercare"])
    # Its loops would send what a test sends itself.
    return Sensing(service_under_test(replace(app, loops=())), clock)
