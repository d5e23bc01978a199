"""PluginService, which every service has: who may look, who may switch, and that it lasts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from sqlalchemy import select
from wire import Wire, methods
from xianban.common.v1 import plugins_pb2 as pb
from xianban.common.v1.plugins_pb2_grpc import PluginServiceStub
from xianban_sdk.app import installed_services
from xianban_sdk.clock import ManualClock
from xianban_sdk.demo import person_id
from xianban_sdk.ids import SeededIds
from xianban_sdk.plugins.shared_switches import SharedSwitches
from xianban_sdk.plugins.switches import Off, Switches
from xianban_sdk.storage.tables import audit
from xianban_sdk.testing import START, RelationsWorld, ServiceUnderTest, TestIssuer, settings_for

NAME = "plugins/parking-concessions"
STAFF = ("ListServicePlugins", "GetPlugin", "DisablePlugin", "EnablePlugin")
# A process that starts takes its time on a busy machine.
PATIENCE = 60.0
Start = Callable[..., ServiceUnderTest]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts parking on the same data, as often as asked."""
    app = next(app for app in installed_services() if app.name == "parking")
    made: list[ServiceUnderTest] = []

    def started(**settings: str) -> ServiceUnderTest:
        for before in made[-1:]:
            before.stop()
        clock = ManualClock(START)
        made.append(
            ServiceUnderTest(
                app,
                settings_for(tmp_path, **settings),
                clock=clock,
                ids=SeededIds(len(made) + 1, clock),
                issuer=TestIssuer(clock),
                world=RelationsWorld(clock),
            )
        )
        made[-1].start()
        made[-1].world.member("operator", "suite-operator")
        return made[-1]

    yield started
    for one in made:
        one.stop()
        shutil.rmtree(one.settings.run, ignore_errors=True)


def as_operator(service: ServiceUnderTest) -> PluginServiceStub:
    return service.stub(PluginServiceStub, "operator")


def concessions(service: ServiceUnderTest) -> pb.Plugin:
    return as_operator(service).GetPlugin(pb.GetPluginRequest(name=NAME), timeout=PATIENCE)


def switch_off(service: ServiceUnderTest, reason: str = "算错了优惠") -> pb.Plugin:
    asked = pb.DisablePluginRequest(name=NAME, reason=reason, request_id="request-off")
    return as_operator(service).DisablePlugin(asked, timeout=PATIENCE)


def switch_on(service: ServiceUnderTest, request_id: str = "request-on") -> pb.Plugin:
    return as_operator(service).EnablePlugin(
        pb.EnablePluginRequest(name=NAME, request_id=request_id), timeout=PATIENCE
    )


def request_of(method: str) -> bytes:
    asked = pb.DisablePluginRequest(name=NAME, reason="x", request_id="request-1")
    if method == "DisablePlugin":
        return asked.SerializeToString()
    if method == "EnablePlugin":
        return pb.EnablePluginRequest(name=NAME, request_id="request-1").SerializeToString()
    return (
        b""
        if method == "ListServicePlugins"
        else pb.GetPluginRequest(name=NAME).SerializeToString()
    )


@pytest.mark.parametrize("rpc", STAFF)
def test_nobody_and_people_without_the_role_are_refused(service, wire: Wire, rpc: str):
    method = next(one for one in methods(service) if one.path.endswith(f".PluginService/{rpc}"))
    assert wire.call(method, request_of(rpc)).code == "UNAUTHENTICATED"
    for person in ("resident", "doctor", "auditor"):
        answer = wire.call(method, request_of(rpc), person, acr="urn:xianban:acr:2")
        assert (answer.code, answer.reason) == ("PERMISSION_DENIED", "ROLE_MISSING")


def test_what_runs_is_told_with_its_figures(start: Start):
    service = start()
    hooks = service.resources.hooks
    list(hooks.plugins)
    for _ in range(3):
        hooks.registered("register_geocoder")
    found = as_operator(service).ListServicePlugins(pb.ListServicePluginsRequest()).plugins
    names = [one.name for one in found]
    assert names == sorted(names)
    assert {one.name.removeprefix("plugins/") for one in found} == set(hooks.plugins)
    gazetteer = next(one for one in found if one.name == "plugins/parking-gazetteer")
    assert gazetteer.state == pb.PLUGIN_STATE_RUNNING
    assert gazetteer.standing == "core"
    assert (gazetteer.domain, gazetteer.tier) == ("parking", 0)
    assert [one.hook for one in gazetteer.figures] == ["register_geocoder"]
    assert gazetteer.total.calls == 1
    assert 0 < gazetteer.total.p50_ms <= gazetteer.total.p99_ms


def test_one_that_is_not_here_is_not_found(start: Start):
    with pytest.raises(grpc.RpcError) as refused:
        as_operator(start()).GetPlugin(pb.GetPluginRequest(name="plugins/nobody"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND  # type: ignore[attr-defined]


def test_a_replica_that_nobody_told_follows_the_one_that_was(start: Start):
    service = start()
    hooks, beside = service.resources.hooks, Switches(service.settings)
    beside.switch_off("parking-concessions", Off("another replica", "operator", str(START)))
    assert eventually(lambda: "parking-concessions" not in hooks.plugins)
    beside.switch_on("parking-concessions")
    assert eventually(lambda: "parking-concessions" in hooks.plugins)


def test_a_replica_with_a_directory_of_its_own_follows_too_and_so_does_one_that_comes_later(
    start: Start, tmp_path: Path
):
    service = start()
    if service.db.dialect == "sqlite":
        pytest.skip("a SQLite file has one owner: it has no replica")
    elsewhere = replace(service.settings, data=tmp_path / "another pod")
    hooks = service.resources.hooks
    beside = SharedSwitches(service.db, elsewhere, "parking")
    beside.bring()
    Switches(elsewhere).switch_off("parking-concessions", Off("there", "operator", str(START)))
    beside.keep()
    assert eventually(lambda: "parking-concessions" not in hooks.plugins)
    # One that was switched there and one that was switched here do not undo each other.
    switch_on(service)
    later = replace(service.settings, data=tmp_path / "a later pod")
    SharedSwitches(service.db, later, "parking").bring()
    assert Switches(later).off() == {}
    switch_off(service, "again")
    SharedSwitches(service.db, later, "parking").bring()
    assert [one.reason for one in Switches(later).off().values()] == ["again"]
    beside.bring()
    assert [one.reason for one in Switches(elsewhere).off().values()] == ["again"]


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("tiers", ["", "parking-concessions=1"])
def test_switched_off_it_is_gone_at_once_and_after_a_restart_until_switched_on(
    start: Start, tiers: str
):
    service = start(plugin_tiers=tiers)
    told = switch_off(service)
    assert told.state == pb.PLUGIN_STATE_DISABLED
    assert (told.reason, told.disabled_by) == ("算错了优惠", person_id("operator"))
    assert "parking-concessions" not in service.resources.hooks.plugins
    service = start(plugin_tiers=tiers)
    assert concessions(service).state == pb.PLUGIN_STATE_DISABLED
    assert "parking-concessions" not in service.resources.hooks.plugins
    assert switch_on(service).state == pb.PLUGIN_STATE_RUNNING
    assert concessions(service).tier == (1 if tiers else 0)
    service = start(plugin_tiers=tiers)
    assert concessions(service).state == pb.PLUGIN_STATE_RUNNING


def test_the_same_request_again_is_the_same_request(start: Start):
    service = start()
    first = switch_off(service)
    switch_on(service)
    assert switch_off(service) == first
    assert concessions(service).state == pb.PLUGIN_STATE_RUNNING
    with pytest.raises(grpc.RpcError) as refused:
        switch_off(service, "another reason")
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS  # type: ignore[attr-defined]


def test_switching_is_audited_with_who_did_it_and_why(start: Start):
    service = start()
    switch_off(service, "供应商要求")
    query = select(audit).where(audit.c.action == "DisablePlugin")
    with service.resources.db.read() as conn:
        row = conn.execute(query).mappings().one()
    assert (row["actor"], row["subject"]) == (person_id("operator"), NAME)
    assert row["basis"] == "role:suite-operator: 供应商要求"


def test_a_capability_whose_only_plugin_is_off_is_missing(start: Start):
    service = start()
    asked = pb.DisablePluginRequest(
        name="plugins/parking-gazetteer", reason="x", request_id="request-1"
    )
    as_operator(service).DisablePlugin(asked, timeout=PATIENCE)
    stub = PluginServiceStub(service.channel(""))
    told = stub.ListCapabilities(pb.ListCapabilitiesRequest()).capabilities
    assert [one.hook for one in told if not one.present] == ["register_geocoder"]


def test_one_that_was_quarantined_begins_anew(start: Start):
    service = start()
    plugin = service.resources.hooks.plugins["parking-concessions"]
    plugin.runner.set_aside = "no answer within 1 s"
    assert concessions(service).state == pb.PLUGIN_STATE_QUARANTINED
    assert concessions(service).reason == "no answer within 1 s"
    assert switch_on(service).state == pb.PLUGIN_STATE_RUNNING
