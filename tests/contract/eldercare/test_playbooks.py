"""PlaybookService of elder care: what is done about an alarm, step by step."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER
from refusals import refused
from sqlalchemy import select
from xianban.common.v1 import messages_pb2, readings_pb2
from xianban.common.v1 import playbooks_pb2 as pb
from xianban.common.v1.playbooks_pb2_grpc import PlaybookServiceStub
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_sdk.demo import person_id
from xianban_sdk.playbooks import read_sources
from xianban_sdk.storage.tables import outbox

ABSENT = "alerts/01JDAAAAAAAAAAAAAAAAAAAAAA"
_numbers = count(1)


def request_id() -> str:
    return f"request-{next(_numbers):06d}"


def staff(eldercare, person="dispatcher"):
    return eldercare.as_(person, PlaybookServiceStub)


@pytest.fixture
def alarm(eldercare) -> str:
    """Somebody calls for help, and the suite's samples are known."""
    read_sources(eldercare.service.resources)
    asked = monitoring_pb2.RaiseSosRequest(parent=ELDER, request_id=request_id())
    eldercare.as_("elder", MonitoringServiceStub).RaiseSos(asked)
    listed = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER, open=True)
    [alert] = eldercare.as_("elder", MonitoringServiceStub).ListResidentAlerts(listed).alerts
    return alert.name


def started(eldercare, alarm, person="dispatcher", playbook="playbooks/sos"):
    asked = pb.StartPlaybookRequest(parent=alarm, playbook=playbook, request_id=request_id())
    return staff(eldercare, person).StartPlaybook(asked)


def completed(eldercare, run, step, person="dispatcher", note=""):
    asked = pb.CompletePlaybookStepRequest(
        name=run.name, step=step, note=note, request_id=request_id()
    )
    return staff(eldercare, person).CompletePlaybookStep(asked)


def nobody_else(eldercare, deed, *names):
    """Anonymous, and whoever does not answer for the area."""
    with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
        deed("")
    for person in ("elder", "daughter", "resident", "teacher", *names):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            deed(person)


class TestListPlaybooks:
    def listed(self, eldercare, alarm, person="dispatcher"):
        return staff(eldercare, person).ListPlaybooks(pb.ListPlaybooksRequest(parent=alarm))

    def test_only_who_deals_with_alarms(self, eldercare, alarm):
        nobody_else(eldercare, lambda person: self.listed(eldercare, alarm, person))

    def test_an_absent_alarm_is_not_found(self, eldercare):
        with refused("NOT_FOUND", "ALERT_NOT_FOUND"):
            self.listed(eldercare, ABSENT)

    def test_what_fits_is_offered_and_who_says_so(self, eldercare, alarm):
        found = self.listed(eldercare, alarm)
        assert [one.name for one in found.playbooks] == ["playbooks/sos"]
        [source] = found.sources
        assert source.display_name == "Samples of Xianban"
        assert not source.HasField("silent_time")
        assert found.playbooks[0].steps[0].startswith("Call back")

    def test_nothing_is_offered_before_a_source_was_read(self, eldercare):
        asked = monitoring_pb2.RaiseSosRequest(parent=ELDER, request_id=request_id())
        eldercare.as_("elder", MonitoringServiceStub).RaiseSos(asked)
        listed = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER, open=True)
        people = eldercare.as_("elder", MonitoringServiceStub)
        [alert] = people.ListResidentAlerts(listed).alerts
        assert self.listed(eldercare, alert.name) == pb.ListPlaybooksResponse()


class TestListPlaybookRuns:
    def listed(self, eldercare, alarm, person="dispatcher"):
        asked = pb.ListPlaybookRunsRequest(parent=alarm)
        return list(staff(eldercare, person).ListPlaybookRuns(asked).runs)

    def test_only_who_deals_with_alarms(self, eldercare, alarm):
        nobody_else(eldercare, lambda person: self.listed(eldercare, alarm, person))

    def test_smoke_begins_by_itself(self, eldercare):
        read_sources(eldercare.service.resources)
        now = int(eldercare.clock.now().timestamp() * 1_000_000)
        smoke = readings_pb2.RawReading(
            device="smoke", subject=ELDER, kind="smoke", value=1, unit="{state}"
        )
        smoke.observe_micros = smoke.receive_micros = now
        stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
        stub.IngestBatch(readings_pb2.IngestBatchRequest(readings=[smoke], request_id=request_id()))
        asked = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER, open=True)
        people = eldercare.as_("elder", MonitoringServiceStub)
        [alert] = people.ListResidentAlerts(asked).alerts
        [run] = self.listed(eldercare, alert.name)
        assert (run.playbook, run.started_by) == ("playbooks/smoke-gas", "system")


class TestStartPlaybook:
    def test_only_who_deals_with_alarms(self, eldercare, alarm):
        nobody_else(eldercare, lambda person: started(eldercare, alarm, person))

    def test_one_of_another_kind_of_alarm_is_refused(self, eldercare, alarm):
        with refused("INVALID_ARGUMENT", "PLAYBOOK_FITS_NOT", field="playbook"):
            started(eldercare, alarm, playbook="playbooks/fall")

    def test_it_runs_once_and_its_time_runs(self, eldercare, alarm):
        run = started(eldercare, alarm)
        assert run.state == pb.PLAYBOOK_RUN_STATE_RUNNING
        assert run.steps[0].HasField("due_time")
        assert run.steps[2].waits_for == "First somebody must take the alert."
        with refused("FAILED_PRECONDITION", "PLAYBOOK_RUNNING", field="playbook"):
            started(eldercare, alarm)


class TestCompletePlaybookStep:
    def test_only_who_deals_with_alarms(self, eldercare, alarm):
        run = started(eldercare, alarm)
        nobody_else(eldercare, lambda person: completed(eldercare, run, "call", person))

    def test_it_is_written_down_with_name_and_note(self, eldercare, alarm):
        run = completed(eldercare, started(eldercare, alarm), "call", note="无人接听")
        first = run.steps[0]
        assert (first.state, first.note) == (pb.PLAYBOOK_STEP_STATE_DONE, "无人接听")
        assert first.actor == person_id("dispatcher")

    def test_a_step_whose_turn_has_not_come_is_refused(self, eldercare, alarm):
        run = started(eldercare, alarm)
        with refused("FAILED_PRECONDITION", "PLAYBOOK_STEP_TOO_EARLY", field="step"):
            completed(eldercare, run, "arrived")

    def test_a_late_step_reminds_by_message(self, eldercare, alarm):
        started(eldercare, alarm)
        eldercare.clock.advance(timedelta(seconds=61))
        eldercare.fire_timers()
        query = select(outbox.c.data).where(
            outbox.c.type == messages_pb2.MessageRequested.DESCRIPTOR.full_name
        )
        with eldercare.db.read() as conn:
            sent = map(messages_pb2.MessageRequested.FromString, conn.scalars(query))
            late = [one for one in sent if one.template == "eldercare-alert-late"]
        assert late
        assert late[0].params["step_en"].startswith("Call back")


class TestSkipPlaybookStep:
    def skipped(self, eldercare, run, step, person="dispatcher", note="家人已到"):
        asked = pb.SkipPlaybookStepRequest(
            name=run.name, step=step, note=note, request_id=request_id()
        )
        return staff(eldercare, person).SkipPlaybookStep(asked)

    def test_only_who_deals_with_alarms(self, eldercare, alarm):
        run = started(eldercare, alarm)
        nobody_else(eldercare, lambda person: self.skipped(eldercare, run, "call", person))

    def test_a_reason_is_asked_for(self, eldercare, alarm):
        run = started(eldercare, alarm)
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "note"):
            self.skipped(eldercare, run, "call", note="")

    def test_what_is_left_out_says_why(self, eldercare, alarm):
        run = self.skipped(eldercare, started(eldercare, alarm), "call")
        assert run.steps[0].state == pb.PLAYBOOK_STEP_STATE_SKIPPED
        assert run.steps[0].note == "家人已到"


class TestAbortPlaybook:
    def aborted(self, eldercare, run, person="dispatcher"):
        asked = pb.AbortPlaybookRequest(name=run.name, note="误选", request_id=request_id())
        return staff(eldercare, person).AbortPlaybook(asked)

    def test_only_who_deals_with_alarms(self, eldercare, alarm):
        run = started(eldercare, alarm)
        nobody_else(eldercare, lambda person: self.aborted(eldercare, run, person))

    def test_it_may_begin_again(self, eldercare, alarm):
        run = self.aborted(eldercare, started(eldercare, alarm))
        assert (run.state, run.end_note) == (pb.PLAYBOOK_RUN_STATE_ABORTED, "误选")
        assert started(eldercare, alarm).name != run.name
