"""ResponderService of elder care: who is on duty near an alarm, from a broker, and sending."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER
from refusals import refused
from sqlalchemy import func, select
from xianban.common.v1 import alerts_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.eldercare.v1 import monitoring_pb2
from xianban.eldercare.v1 import responders_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.responders_pb2_grpc import ResponderServiceStub
from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.handlers.responders import ResponderPlugin, introduce
from xianban_eldercare.mustering import read_responder_source
from xianban_eldercare.repository import KEPT, muster
from xianban_eldercare.repository.muster_tables import responder, responder_sent
from xianban_plugin_public_responders.demo import entities_at
from xianban_plugin_public_responders.simulator import Simulator, running
from xianban_plugin_public_responders.source import BrokerSource, SourceFacts
from xianban_sdk.alerts import Place, Severity
from xianban_sdk.alerts.life import Alerts
from xianban_sdk.demo import person_id
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import open_unit_of_work

ABSENT = "alerts/01JDAAAAAAAAAAAAAAAAAAAAAA"
# Where it happened: beside the demo's first ambulance.
THERE = Place(30.9195, 121.4581)
_numbers = count(1)


def request_id() -> str:
    return f"request-{next(_numbers):06d}"


class Desk:
    """Elder care with a broker that a test writes."""

    def __init__(self, eldercare, simulator):
        self.eldercare, self.simulator = eldercare, simulator
        self.resources = eldercare.service.resources
        self.entities = entities_at(self.now)
        simulator.entities = lambda: self.entities
        # Under the demo source's id: it is the one that the loaded plugin brings.
        facts = SourceFacts(
            "demo", {"zh-CN": "调度台", "en": "Desk"}, simulator.url, timedelta(seconds=30)
        )
        self.source = ResponderPlugin("public-responders", BrokerSource(facts))
        with self.opened() as uow:
            introduce([self.source], uow=uow)

    @property
    def now(self):
        return self.eldercare.clock.now()

    def opened(self):
        resources = self.resources
        return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)

    def reads(self):
        """As the service's own thread would, every half minute."""
        read_responder_source(self.resources, self.source)

    def alarm(self, rule="sos", place=THERE):
        with self.opened() as uow:
            finding = finding_about(ELDER, rule, Severity.SEVERE, [], uow=uow, place=place)
            raised = Alerts(uow, BOOK, MachineScope("eldercare")).raise_(finding)
        return f"alerts/{raised.id}"

    def listed(self, alarm, person="dispatcher"):
        stub = self.eldercare.as_(person, ResponderServiceStub)
        return stub.ListResponders(pb.ListRespondersRequest(parent=alarm))

    def send(self, alarm, to, person="dispatcher"):
        asked = alerts_pb2.DispatchAlertRequest(name=alarm, to=to, request_id=request_id())
        return self.eldercare.as_(person, AlertServiceStub).DispatchAlert(asked)

    def resolve(self, alarm):
        asked = alerts_pb2.ResolveAlertRequest(name=alarm, note="好了", request_id=request_id())
        self.eldercare.as_("dispatcher", AlertServiceStub).ResolveAlert(asked)

    def kept(self, table):
        with self.eldercare.db.read() as conn:
            return conn.scalar(select(func.count()).select_from(table))


@pytest.fixture
def desk(eldercare):
    with running(Simulator()) as served:
        made = Desk(eldercare, served)
        made.reads()
        yield made


def names(found):
    return [one.display_name for one in found.responders]


class TestListResponders:
    def test_nobody_is_told_where_people_at_work_are(self, desk):
        alarm = desk.alarm()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            desk.listed(alarm, "")
        for person in ("elder", "daughter", "carer", "resident", "teacher"):
            with refused("PERMISSION_DENIED", "ROLE_MISSING"):
                desk.listed(alarm, person)

    def test_who_answers_for_another_area_finds_no_such_alert(self, desk):
        with refused("NOT_FOUND", "ALERT_NOT_FOUND"):
            desk.listed(desk.alarm(), "operator")
        with refused("NOT_FOUND", "ALERT_NOT_FOUND"):
            desk.listed(ABSENT)

    def test_the_nearest_come_first_and_an_old_position_after_fresh_ones(self, desk):
        found = desk.listed(desk.alarm(), "doctor")
        # The third ambulance is nearer than the second, but nobody saw it for 25 minutes; the fire
        # engine is busy.
        assert names(found) == ["演示急救一组", "演示急救二组", "演示急救三组", "演示消防班"]
        first, second, third, _ = found.responders
        assert first.verdict == pb.RESPONDER_POSITION_VERDICT_FRESH
        assert third.verdict == pb.RESPONDER_POSITION_VERDICT_STALE
        assert first.distance_m < 200 < third.distance_m < second.distance_m
        assert third.observe_time.ToSeconds() == int((desk.now - timedelta(minutes=25)).timestamp())
        assert found.placed
        assert list(found.skills) == [pb.RESPONDER_SKILL_FIRST_AID]

    @pytest.mark.parametrize(
        ("rule", "who"),
        [
            ("smoke-high", ["演示急救一组", "演示急救二组", "演示急救三组", "演示消防班"]),
            ("battery-low", ["演示维修工"]),
            ("lost", ["演示社工"]),
        ],
    )
    def test_only_who_can_do_what_the_alarm_needs(self, desk, rule, who):
        assert names(desk.listed(desk.alarm(rule))) == who

    def test_only_who_is_on_duty_is_kept_at_all(self, desk):
        desk.entities[0]["status"] = {"type": "Property", "value": "off"}
        ended = {"type": "Property", "value": (desk.now - timedelta(minutes=1)).isoformat()}
        desk.entities[1]["dutyEnd"] = ended
        desk.reads()
        assert desk.kept(responder) == 4
        assert names(desk.listed(desk.alarm())) == ["演示急救三组", "演示消防班"]

    def test_without_a_position_there_is_no_distance_and_no_guess(self, desk):
        del desk.entities[0]["location"]
        desk.reads()
        last = desk.listed(desk.alarm()).responders[2]
        assert last.display_name == "演示急救一组"
        assert last.verdict == pb.RESPONDER_POSITION_VERDICT_UNKNOWN
        assert not last.HasField("distance_m")
        assert not last.HasField("observe_time")

    def test_a_silent_source_says_so_and_its_positions_grow_old(self, desk):
        desk.simulator.instead = (503, b"")
        desk.eldercare.clock.advance(timedelta(minutes=30))
        desk.reads()
        found = desk.listed(desk.alarm())
        assert [one.silent for one in found.sources] == [True]
        assert {one.verdict for one in found.responders} == {pb.RESPONDER_POSITION_VERDICT_STALE}

    def test_of_a_silent_source_nobody_is_listed_after_their_duty(self, desk):
        desk.simulator.instead = (503, b"")
        desk.eldercare.clock.advance(timedelta(days=1))
        desk.reads()
        assert names(desk.listed(desk.alarm())) == []
        assert desk.kept(responder) == 0

    def test_what_cannot_be_read_is_counted_and_the_others_stand(self, desk):
        desk.entities[0]["location"]["datum"] = {"type": "Property", "value": "GCJ-02"}
        desk.reads()
        found = desk.listed(desk.alarm())
        assert [one.unread_count for one in found.sources] == [1]
        assert "演示急救一组" not in names(found)

    def test_positions_are_kept_a_day_at_most(self):
        [kept] = [one for one in KEPT if one.table is responder]
        assert kept.span == timedelta(days=1)

    def test_without_the_plugin_there_is_no_source_and_nobody(self, desk):
        desk.resources.hooks.let_go("public-responders")
        found = desk.listed(desk.alarm())
        assert (list(found.sources), list(found.responders)) == ([], [])


class TestDispatch:
    def test_the_alert_names_who_was_sent(self, desk):
        alarm = desk.alarm()
        sent = desk.send(alarm, desk.listed(alarm).responders[0].name)
        assert sent.dispatched_to == "演示急救一组（南桥急救站（演示））"
        assert sent.state == alerts_pb2.ALERT_STATE_DISPATCHED
        assert desk.listed(alarm).responders[0].sent_here

    def test_nobody_is_sent_to_two_alarms(self, desk):
        one, other = desk.alarm(), desk.alarm("fall")
        chosen = desk.listed(one).responders[0].name
        desk.send(one, chosen)
        shown = {each.name: each for each in desk.listed(other).responders}
        assert shown[chosen].sent_elsewhere
        with refused("FAILED_PRECONDITION", "RESPONDER_SENT_ELSEWHERE", field="to"):
            desk.send(other, chosen, "doctor")
        desk.send(one, chosen)  # again to the same one is no harm

    @pytest.mark.parametrize("how", ["resolved", "somebody-else"])
    def test_who_is_done_can_be_sent_again(self, desk, how):
        one, other = desk.alarm(), desk.alarm("fall")
        chosen = desk.listed(one).responders[0].name
        desk.send(one, chosen)
        if how == "resolved":
            desk.resolve(one)
        else:
            desk.send(one, "120")
        desk.send(other, chosen)
        assert desk.kept(responder_sent) == 1

    def test_who_is_let_go_by_another_desk_at_this_moment_is_free(self, desk, monkeypatch):
        alarm, answers = desk.alarm(), [False]
        insert = muster.insert_new

        def gone_in_between(conn, table, row):
            return answers.pop() if answers else insert(conn, table, row)

        monkeypatch.setattr(muster, "insert_new", gone_in_between)
        desk.send(alarm, desk.listed(alarm).responders[0].name)
        assert desk.kept(responder_sent) == 1

    def test_also_by_their_account_nobody_is_sent_to_two_alarms(self, desk):
        carer = person_id("carer")
        desk.entities[0]["person"] = {"type": "Property", "value": carer}
        desk.reads()
        one, other = desk.alarm(), desk.alarm("fall")
        desk.send(one, desk.listed(one).responders[0].name)
        with refused("FAILED_PRECONDITION", "RESPONDER_SENT_ELSEWHERE", field="to"):
            desk.send(other, carer)

    def test_who_is_not_on_duty_is_refused(self, desk):
        alarm = desk.alarm()
        chosen = desk.listed(alarm).responders[0].name
        desk.entities = desk.entities[1:]
        desk.reads()
        with refused("FAILED_PRECONDITION", "RESPONDER_NOT_ON_DUTY", field="to"):
            desk.send(alarm, chosen)

    def test_anybody_else_is_sent_as_before(self, desk):
        assert desk.send(desk.alarm(), "120").dispatched_to == "120"


def test_without_a_place_it_is_measured_from_the_home_if_that_is_known(desk):
    asked = monitoring_pb2.RaiseSosRequest(parent=ELDER, request_id=request_id())
    desk.eldercare.as_("elder", MonitoringServiceStub).RaiseSos(asked)
    listed = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER, open=True)
    stub = desk.eldercare.as_("elder", MonitoringServiceStub)
    [alert] = stub.ListResidentAlerts(listed).alerts
    found = desk.listed(alert.name)
    assert found.placed
    assert all(one.HasField("distance_m") for one in found.responders)
