"""AlertService over real sockets: who may, who sees what, and what is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from alert_domain import BOOK, alert_app
from alert_world import World
from sqlalchemy import select
from xianban.common.v1 import alerts_pb2 as pb
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_sdk.alerts import Alert, Alerts, Finding, Reason, Severity
from xianban_sdk.alerts.watching import Watching
from xianban_sdk.clock import ManualClock
from xianban_sdk.identity.access import Scope
from xianban_sdk.storage import Database, open_unit_of_work
from xianban_sdk.storage.tables import audit
from xianban_sdk.testing import START, RelationsWorld, ServiceUnderTest

ABSENT = "alerts/01JDAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def service(
    service_under_test: Callable[..., ServiceUnderTest], relations: RelationsWorld
) -> ServiceUnderTest:
    relations.member("dispatcher", "dispatcher", ["310120"])
    relations.member("carer", "carer", ["310120/fengpu"])
    relations.member("teacher", "dispatcher", ["310120/nanqiao"])
    return service_under_test(alert_app())


def raised(service: ServiceUnderTest, **changes: Any) -> Alert:
    chosen: dict[str, Any] = {
        "rule": "oxygen-low",
        "subject": f"residents/{service.person('elder')}",
        "severity": Severity.SEVERE,
        "area": "310120/fengpu",
        "reasons": [Reason("reason-oxygen-below", {"value": "86"})],
        **changes,
    }
    resources = service.resources
    with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
        return Alerts(uow, BOOK).raise_(Finding(**chosen))


def stub(service: ServiceUnderTest, person: str, **more: Any) -> AlertServiceStub:
    return service.stub(AlertServiceStub, person, workload="portal", **more)


def audited(service: ServiceUnderTest, action: str) -> list[tuple[str, str, str]]:
    query = select(audit.c.actor, audit.c.subject, audit.c.basis).where(audit.c.action == action)
    with service.db.read() as conn:
        return [tuple(row) for row in conn.execute(query)]


def taking(alert: Alert, **changes: Any) -> pb.AcknowledgeAlertRequest:
    return pb.AcknowledgeAlertRequest(**{"name": alert.name, "request_id": "request-1", **changes})


def refusal(call: Callable[[], object]) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return refused.value.code()  # pyright: ignore[reportAttributeAccessIssue]


def test_nobody_and_those_without_a_role_are_refused(service: ServiceUnderTest) -> None:
    alert = raised(service)
    assert refusal(lambda: stub(service, "").AcknowledgeAlert(taking(alert))) is (
        grpc.StatusCode.UNAUTHENTICATED
    )
    assert refusal(lambda: stub(service, "daughter").AcknowledgeAlert(taking(alert))) is (
        grpc.StatusCode.PERMISSION_DENIED
    )


def test_an_alert_of_another_area_answers_as_an_absent_one(service: ServiceUnderTest) -> None:
    alert = raised(service)
    elsewhere = stub(service, "teacher")
    for name in (alert.name, ABSENT):
        assert refusal(lambda name=name: elsewhere.GetAlert(pb.GetAlertRequest(name=name))) is (
            grpc.StatusCode.NOT_FOUND
        )
        request = taking(alert, name=name)
        assert refusal(lambda request=request: elsewhere.AcknowledgeAlert(request)) is (
            grpc.StatusCode.NOT_FOUND
        )
    assert not elsewhere.ListAlerts(pb.ListAlertsRequest()).alerts
    assert audited(service, "GetAlert") == []


def test_taking_an_alert_is_served_in_the_safety_lane_and_audited(
    service: ServiceUnderTest,
) -> None:
    alert = raised(service)
    bare = AlertServiceStub(service.channel("safety"))
    metadata = (
        ("authorization", f"Bearer {service.token('dispatcher')}"),
        ("x-xianban-workload", service.issuer.workload("portal", "alarms")),
    )
    taken = bare.AcknowledgeAlert(taking(alert), metadata=metadata)
    assert taken.state == pb.ALERT_STATE_ACKNOWLEDGED
    dispatcher, elder = service.person("dispatcher"), service.person("elder")
    assert taken.acknowledged_by_display == f"name of {dispatcher}"
    assert audited(service, "AcknowledgeAlert") == [(dispatcher, elder, "role:dispatcher")]
    usual = AlertServiceStub(service.channel())
    assert refusal(lambda: usual.AcknowledgeAlert(taking(alert), metadata=metadata)) is (
        grpc.StatusCode.UNIMPLEMENTED
    )


def test_the_same_request_again_answers_the_first_result(service: ServiceUnderTest) -> None:
    alert = raised(service)
    dispatcher = stub(service, "dispatcher")
    first = dispatcher.AcknowledgeAlert(taking(alert))
    assert dispatcher.AcknowledgeAlert(taking(alert)) == first


def test_the_second_hears_who_has_it(service: ServiceUnderTest) -> None:
    alert = raised(service)
    stub(service, "dispatcher").AcknowledgeAlert(taking(alert))
    with pytest.raises(grpc.RpcError, match="name of") as refused:
        stub(service, "carer").AcknowledgeAlert(taking(alert))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION  # pyright: ignore[reportAttributeAccessIssue]


def test_the_whole_way_over_the_wire(service: ServiceUnderTest, clock: ManualClock) -> None:
    alert = raised(service)
    dispatcher = stub(service, "dispatcher")
    name, request_id = alert.name, "request-1"
    escalated = dispatcher.EscalateAlert(pb.EscalateAlertRequest(name=name, request_id=request_id))
    assert (escalated.rung, escalated.rung_display) == ("neighbourhood", "Neighbourhood")
    dispatcher.DispatchAlert(pb.DispatchAlertRequest(name=name, to="120", request_id=request_id))
    dispatcher.ResolveAlert(
        pb.ResolveAlertRequest(name=name, note="asleep", false_alarm=True, request_id=request_id)
    )
    closed = dispatcher.CloseAlert(pb.CloseAlertRequest(name=name, request_id=request_id))
    assert closed.state == pb.ALERT_STATE_CLOSED
    steps = dispatcher.ListAlertSteps(pb.ListAlertStepsRequest(parent=name)).steps
    assert [(each.action, each.note) for each in steps] == [
        ("raised", ""),
        ("told", "Family"),
        ("told", "Neighbourhood"),
        ("dispatched", "120"),
        ("resolved", "asleep"),
        ("closed", ""),
    ]
    assert refusal(lambda: dispatcher.AcknowledgeAlert(taking(alert))) is (
        grpc.StatusCode.FAILED_PRECONDITION
    )


def test_a_look_is_audited_and_speaks_the_callers_language(service: ServiceUnderTest) -> None:
    alert = raised(service)
    seen = stub(service, "carer", locale="zh-CN").GetAlert(pb.GetAlertRequest(name=alert.name))
    assert (seen.title, seen.reasons[0].display) == ("血氧偏低", "血氧 86 %")
    carer, elder = service.person("carer"), service.person("elder")
    assert audited(service, "GetAlert") == [(carer, elder, "role:carer")]


def test_pages_come_worst_first_then_oldest(service: ServiceUnderTest, clock: ManualClock) -> None:
    for number in range(9):
        severity = Severity(number % 3 + 1)
        raised(service, subject=f"homes/{number}", severity=severity)
        clock.advance(timedelta(seconds=1))
    dispatcher = stub(service, "dispatcher")
    found: list[pb.Alert] = []
    token = ""
    while True:
        page = dispatcher.ListAlerts(pb.ListAlertsRequest(page_size=2, page_token=token))
        found += page.alerts
        token = page.next_page_token
        if not token:
            break
    keys = [(-each.severity, each.raise_time.ToNanoseconds()) for each in found]
    assert len(found) == 9
    assert keys == sorted(keys)
    worst = dispatcher.ListAlerts(
        pb.ListAlertsRequest(least_severity=pb.ALERT_SEVERITY_SEVERE, open=True)
    )
    assert len(worst.alerts) == 3


def test_watchers_get_what_stands_and_then_each_change_of_their_areas(
    service: ServiceUnderTest,
) -> None:
    alert = raised(service)
    here = stub(service, "dispatcher").WatchAlerts(pb.WatchAlertsRequest())
    elsewhere = stub(service, "teacher").WatchAlerts(pb.WatchAlertsRequest())
    assert next(here).name == alert.name
    stub(service, "dispatcher").AcknowledgeAlert(taking(alert))
    changed = next(here)
    while changed.state == pb.ALERT_STATE_RAISED:
        changed = next(here)
    assert changed.state == pb.ALERT_STATE_ACKNOWLEDGED
    other = raised(service, subject="homes/1", area="310120/nanqiao/jiangshan")
    assert next(elsewhere).name == other.name
    here.cancel()
    elsewhere.cancel()


def test_an_area_that_is_taken_away_is_shown_no_longer_though_the_role_stays(
    service: ServiceUnderTest, relations: RelationsWorld
) -> None:
    relations.member("doctor", "dispatcher", ["310120/fengpu", "310120/nanqiao"])
    here, there = raised(service), raised(service, subject="homes/1", area="310120/nanqiao")
    watched = stub(service, "doctor").WatchAlerts(pb.WatchAlertsRequest())
    assert {next(watched).name, next(watched).name} == {here.name, there.name}
    relations.member("doctor", "dispatcher", ["310120/fengpu"])
    assert refusal(lambda: next(watched)) is grpc.StatusCode.UNAVAILABLE
    again = stub(service, "doctor").WatchAlerts(pb.WatchAlertsRequest())
    assert next(again).name == here.name
    raised(service, rule="smoke", subject="homes/1", area="310120/nanqiao")
    last = raised(service, rule="smoke", subject="homes/2")
    assert next(again).name == last.name, "and nothing of there in between"
    again.cancel()


def test_with_the_role_the_stream_ends(
    service: ServiceUnderTest, relations: RelationsWorld
) -> None:
    alert = raised(service)
    watched = stub(service, "dispatcher").WatchAlerts(pb.WatchAlertsRequest())
    assert next(watched).name == alert.name
    relations.dismiss("dispatcher", "dispatcher")
    assert refusal(lambda: next(watched)) is grpc.StatusCode.PERMISSION_DENIED


def test_looks_into_the_database_do_not_grow_with_watchers(world: World) -> None:
    watching = Watching(world.db, world.book)
    alert = world.raised()
    calls = [WatchingCall(world.db, Scope("dispatcher", areas=("310120",))) for _ in range(10)]
    streams = [watching.follow(call) for call in calls]  # pyright: ignore[reportArgumentType]
    assert [next(each).id for each in streams] == [alert.id] * 10
    before = watching.looks
    world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    assert {next(each).acknowledged_by for each in streams} == {"daughter"}
    assert watching.looks == before + 1


class WatchingCall:
    """As much of a call as a watcher needs."""

    def __init__(self, db: Database, scope: Scope) -> None:
        self.scope = scope
        self._db = db

    def on_end(self, told: Callable[[], None]) -> None:
        """The call of this test never ends."""

    def alive(self) -> None:
        """It is."""

    @contextmanager
    def reading(self) -> Iterator[Any]:
        with self._db.read() as conn:
            yield SimpleNamespace(conn=conn)
