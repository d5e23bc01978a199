"""The device registry under test, with a plugin that knows one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from xianban.sensing.v1.devices_pb2_grpc import BindingServiceStub, DeviceServiceStub
from xianban_sdk import plugins
from xianban_sdk.testing import RelationsWorld, ServiceUnderTest
from xianban_sensing.app import app
from xianban_sensing.hookspecs import DeviceAdapter, Promise, hookimpl


class FakeAdapter:
    """A wristband that says nothing."""

    model = "fake-band"
    names = {"zh-CN": "测试手环", "en": "Test band"}  # noqa: RUF012 - as a plugin writes it
    promises = (Promise("heart-rate", "/min", 60),)
    has_display = True

    def parse(self, payload: bytes, now: datetime) -> Iterator[Any]:
        return iter(())

    def render(self, command: str, text: str) -> bytes:
        return text.encode()


class FakePlugin:
    @hookimpl
    def register_device_adapter(self) -> list[DeviceAdapter]:
        return [FakeAdapter()]


class Sensing:
    """The registry, and stubs in people's names."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service

    def as_(self, person: str) -> Any:
        return self.service.stub(DeviceServiceStub, person)

    def inside(self, workload: str) -> Any:
        return self.service.stub(BindingServiceStub, "", workload=workload)


@pytest.fixture
def sensing(
    service_under_test: Callable[..., ServiceUnderTest],
    relations: RelationsWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> Sensing:
    """A keeper of the district's devices, a station here and one elsewhere."""
    real = plugins.build
    monkeypatch.setattr(
        plugins, "build", lambda domain, specs, _=None: real(domain, specs, [FakePlugin()])
    )
    made = Sensing(service_under_test(app))
    relations.member("admin", "device-keeper", ["310120"])
    relations.member("doctor", "station-manager", ["310120/nanqiao"])
    relations.member("operator", "station-manager", ["310120/fengpu"])
    relations.grant("daughter", "elder", "family", ["eldercare"])
    return made
