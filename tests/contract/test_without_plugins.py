"""With every plugin of the environment removed each service serves, and says what it lacks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from callers import ME, NOT_OURS, allowed_caller, existing_names
from samples import sample
from wire import Wire, methods
from xianban.common.v1.plugins_pb2 import Capability, ListCapabilitiesRequest
from xianban.common.v1.plugins_pb2_grpc import PluginServiceStub
from xianban_sdk.app import Service, installed_services
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.plugins import building
from xianban_sdk.testing import START, RelationsWorld, ServiceUnderTest, TestIssuer, settings_for

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module", params=installed_services(), ids=lambda app: app.name)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceUnderTest]:
    """Each installed service in turn, in a demo district, with no plugin at all."""
    app: Service = request.param
    clock = ManualClock(START)
    settings = settings_for(tmp_path_factory.mktemp(app.name), demo=True)
    world, issuer = RelationsWorld(clock), TestIssuer(clock)
    with pytest.MonkeyPatch.context() as removed:
        removed.setattr(building, "in_environment", lambda _domain: {})
        made = ServiceUnderTest(
            app, settings, clock=clock, ids=SeededIds(1, clock), issuer=issuer, world=world
        )
        try:
            made.start()
            yield made
        finally:
            made.stop()
            shutil.rmtree(made.settings.run, ignore_errors=True)


@pytest.fixture
def wire(service: ServiceUnderTest) -> Iterator[Wire]:
    made = Wire(service)
    yield made
    made.close()


def told(service: ServiceUnderTest) -> list[Capability]:
    stub = PluginServiceStub(service.channel(""))
    return list(stub.ListCapabilities(ListCapabilitiesRequest()).capabilities)


def test_it_serves_and_names_each_missing_capability_in_both_languages(service):
    assert service.service.health.serving
    capabilities = told(service)
    assert capabilities
    assert [one.hook for one in capabilities] == [one.hook for one in service.app.capabilities]
    assert not any(one.present for one in capabilities)
    for one in capabilities:
        assert CHINESE.search(one.missing["zh-CN"])
        assert not CHINESE.search(one.missing["en"])
    service.service.health.check()
    problem = service.service.health.problems["capabilities"]
    assert problem == "; ".join(one.missing["en"] for one in capabilities)


def test_no_rpc_breaks(service: ServiceUnderTest, wire: Wire):
    known = existing_names(service, wire)
    wrong: list[str] = []
    for method in methods(service):
        answer = wire.call(method, sample(method, ME, known), **allowed_caller(service, method))
        if answer.code in NOT_OURS:
            wrong.append(f"{method.path}: {answer.code} {answer.reason}")
    assert not wrong, "\n".join(wrong)
