"""Visits: who may be sent, what a check-in asks for, and what a carer sees because of one."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count

import grpc
import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from refusals import refused
from sqlalchemy import select
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import care_files_pb2, monitoring_pb2
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import visits_pb2 as pb
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.organisations_pb2_grpc import OrganisationServiceStub
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban_sdk.clock import local_day
from xianban_sdk.demo import person_id
from xianban_sdk.storage.tables import audit

STATION = "organisations/nanqiao"
CARER = "teacher"
AT_HOME = readings_pb2.Position(latitude=30.9183, longitude=121.4561, accuracy_m=15)
FAR = readings_pb2.Position(latitude=30.93, longitude=121.4561, accuracy_m=15)
HEALTH, CARE = organisations.LICENCE_KIND_HEALTH, organisations.LICENCE_KIND_CARE_WORKER
HOUR = timedelta(hours=1)
_numbers = count(1)


def request_id():
    return f"visit-{next(_numbers):06d}"


def people(eldercare, person):
    return eldercare.as_(person, VisitServiceStub)


def later(eldercare, **span):
    """Time goes on, and identity still says that all is known."""
    eldercare.clock.advance(timedelta(**span))
    eldercare.fire_timers()
    eldercare.world.beat()


@pytest.fixture
def station(eldercare):
    """With one more carer, who has no tie to the elder; the demo's own visits are off."""
    for person in (CARER, "carer"):
        eldercare.world.member(person, "carer", [HERE])
    employ(eldercare)
    stub = people(eldercare, "elder")
    for visit in stub.ListVisits(span(eldercare, pb.ListVisitsRequest, parent=ELDER)).visits:
        asked = pb.CancelVisitRequest(name=visit.name, reason="x", request_id=request_id())
        stub.CancelVisit(asked)
    return eldercare


def employ(eldercare, days=100, kinds=(HEALTH, CARE), **changes):
    def day(ahead):
        return local_day(eldercare.clock.now() + timedelta(days=ahead)).isoformat()

    held = [
        organisations.Licence(kind=kind, number="1", issue_date=day(-300), expire_date=day(days))
        for kind in kinds
    ]
    facts = {
        "name": f"{STATION}/staff/{person_id(CARER)}",
        "display_name": "吴静",
        "employ_date": day(-10),
        "active": True,
        "licences": held,
    }
    stub = eldercare.as_("doctor", OrganisationServiceStub)
    staff = organisations.Staff(**(facts | changes))
    listed = stub.ListStaff(organisations.ListStaffRequest(parent=STATION)).staff
    staff.version = next((one.version for one in listed if one.name == staff.name), 0)
    stub.UpdateStaff(organisations.UpdateStaffRequest(staff=staff, request_id=request_id()))


def wanted(eldercare, hours=48, length=60, carer=CARER, parent=ELDER, **changes):
    facts = {
        "organisation": STATION,
        "carer": person_id(carer),
        "kind": pb.VISIT_KIND_PERSONAL_CARE,
        "travel_minutes": 15,
        "tasks": [pb.VisitTask(text="洗漱"), pb.VisitTask(text="测血压")],
    }
    visit = pb.Visit(**(facts | changes))
    start = eldercare.clock.now() + timedelta(hours=hours)
    visit.start_time.FromDatetime(start)
    visit.end_time.FromDatetime(start + timedelta(minutes=length))
    return pb.PlanVisitRequest(parent=parent, visit=visit, request_id=request_id())


def plan(eldercare, person="doctor", **how):
    return people(eldercare, person).PlanVisit(wanted(eldercare, **how))


def check_in(visit, position=AT_HOME, **more):
    return pb.CheckInVisitRequest(
        name=visit.name, position=position, request_id=request_id(), **more
    )


def span(eldercare, kind, days=3, **more):
    asked = kind(**more)
    asked.start_time.FromDatetime(eldercare.clock.now() - timedelta(days=days))
    asked.end_time.FromDatetime(eldercare.clock.now() + timedelta(days=days))
    return asked


def measured(eldercare, value):
    at = int(eldercare.clock.now().timestamp() * 1_000_000)
    reading = readings_pb2.RawReading(
        device="band",
        subject=ELDER,
        kind="oxygen-saturation",
        value=value,
        unit="%",
        observe_micros=at,
        receive_micros=at,
    )
    stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
    stub.IngestBatch(readings_pb2.IngestBatchRequest(readings=[reading], request_id=request_id()))


def late_alerts(eldercare):
    asked = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER)
    found = eldercare.as_("daughter", MonitoringServiceStub).ListResidentAlerts(asked).alerts
    return [one for one in found if one.rule == "visit-late"]


class TestPlanVisit:
    def test_not_without_a_token(self, station):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            plan(station, "")

    def test_a_year_that_is_far_away_is_mistyped(self, station):
        with refused("INVALID_ARGUMENT", "VISIT_FAR", "visit.start_time"):
            plan(station, hours=24 * 400)

    def test_neither_the_elder_nor_the_family_roster_anybody(self, station):
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            plan(station, "elder")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            plan(station, "daughter")

    def test_a_manager_elsewhere_finds_no_such_elder(self, station):
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            plan(station, "operator")

    def test_what_was_planned_is_told_in_the_elders_own_list(self, station):
        made = plan(station)
        assert (made.state, made.carer_display) == (pb.VISIT_STATE_PLANNED, "吴静")
        found = people(station, "elder").GetVisit(pb.GetVisitRequest(name=made.name))
        assert [one.text for one in found.tasks] == ["洗漱", "测血压"]
        assert not found.contact_phone

    def test_an_expired_licence_cannot_be_rostered(self, station):
        employ(station, days=1)
        with refused("FAILED_PRECONDITION", "LICENCE_NOT_VALID", "visit.carer"):
            plan(station, hours=72)
        plan(station, hours=20)

    def test_nor_one_that_is_missing_for_this_kind_of_visit(self, station):
        with refused("FAILED_PRECONDITION", "LICENCE_MISSING", "visit.carer"):
            plan(station, kind=pb.VISIT_KIND_NURSING)

    def test_nor_somebody_inactive_or_outside_their_employment(self, station):
        employ(station, active=False)
        with refused("FAILED_PRECONDITION", "CARER_INACTIVE", "visit.carer"):
            plan(station)
        today = local_day(station.clock.now()).isoformat()
        employ(station, leave_date=today)
        with refused("FAILED_PRECONDITION", "CARER_NOT_EMPLOYED", "visit.start_time"):
            plan(station)

    def test_nor_a_stranger_or_whose_role_identity_took_back(self, station):
        with refused("NOT_FOUND", "CARER_NOT_FOUND", "visit.carer"):
            plan(station, carer="vendor")
        station.world.dismiss(CARER, "carer")
        with refused("FAILED_PRECONDITION", "CARER_NOT_HERE", "visit.carer"):
            plan(station)

    def test_nobody_is_in_two_places_and_the_way_counts(self, station):
        plan(station, hours=48, length=60)
        for hours in (47.5, 48.5, 49.2):
            with refused("FAILED_PRECONDITION", "CARER_BUSY", "visit.start_time"):
                plan(station, hours=hours)
        plan(station, hours=49.25)

    def test_of_two_who_roster_one_carer_at_once_one_is_refused(self, station):
        barrier, answers = threading.Barrier(2), []

        def roster():
            stub, asked = people(station, "doctor"), wanted(station)
            barrier.wait()
            try:
                answers.append(stub.PlanVisit(asked).carer_display)
            except grpc.RpcError as error:
                answers.append(error.code().name)

        threads = [threading.Thread(target=roster) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(answers) == ["FAILED_PRECONDITION", "吴静"]

    def test_a_cancelled_visit_takes_nobodys_time(self, station):
        made = plan(station)
        asked = pb.CancelVisitRequest(name=made.name, reason="住院", request_id=request_id())
        people(station, "daughter").CancelVisit(asked)
        plan(station)

    @pytest.mark.parametrize(
        ("how", "reason"),
        [
            ({"length": 0}, "VISIT_REVERSED"),
            ({"length": 13 * 60}, "VISIT_TOO_LONG"),
            ({"hours": -5}, "VISIT_OVER"),
        ],
    )
    def test_an_impossible_time_is_named(self, station, how, reason):
        with refused("INVALID_ARGUMENT", reason, "visit.end_time"):
            plan(station, **how)

    def test_the_same_request_again_plans_one_visit(self, station):
        asked = wanted(station)
        stub = people(station, "doctor")
        assert stub.PlanVisit(asked).name == stub.PlanVisit(asked).name


class TestCheckInVisit:
    def test_only_by_the_visits_own_carer(self, station):
        made = plan(station, hours=1)
        with refused("NOT_FOUND", "VISIT_NOT_FOUND", "name"):
            people(station, "carer").CheckInVisit(check_in(made))
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            people(station, "daughter").CheckInVisit(check_in(made))

    def test_at_the_home_it_takes_one_press(self, station):
        made = plan(station, hours=0.5)
        found = people(station, CARER).CheckInVisit(check_in(made))
        assert (found.state, found.distance_metres) == (pb.VISIT_STATE_CHECKED_IN, 0)

    def test_far_from_it_or_without_a_position_a_reason_is_asked_for_and_kept(self, station):
        made = plan(station, hours=0.5)
        with refused("INVALID_ARGUMENT", "CHECK_IN_FAR", "away_reason"):
            people(station, CARER).CheckInVisit(check_in(made, FAR))
        with refused("INVALID_ARGUMENT", "CHECK_IN_UNLOCATED", "away_reason"):
            people(station, CARER).CheckInVisit(check_in(made, None))
        asked = check_in(made, FAR, away_reason="陪老人在医院")
        people(station, CARER).CheckInVisit(asked)
        kept = people(station, "doctor").GetVisit(pb.GetVisitRequest(name=made.name))
        assert kept.distance_metres > 1200
        assert kept.away_reason == "陪老人在医院"

    def test_not_long_before_its_time(self, station):
        made = plan(station, hours=3)
        with refused("FAILED_PRECONDITION", "VISIT_TOO_EARLY", "name"):
            people(station, CARER).CheckInVisit(check_in(made))

    def test_a_second_press_is_refused_and_a_repeated_one_is_the_same(self, station):
        made = plan(station, hours=0.5)
        asked = check_in(made)
        stub = people(station, CARER)
        assert stub.CheckInVisit(asked) == stub.CheckInVisit(asked)
        with refused("FAILED_PRECONDITION", "VISIT_CHECKED_IN", "name"):
            stub.CheckInVisit(check_in(made))

    def test_half_an_hour_after_its_window_an_unbegun_visit_alarms_and_check_in_clears(
        self, station
    ):
        made = plan(station, hours=0.5)
        later(station, minutes=119)
        assert not late_alerts(station)
        later(station, minutes=1)
        [alert] = late_alerts(station)
        assert "吴静" in alert.reasons[0].display
        people(station, CARER).CheckInVisit(check_in(made))
        assert late_alerts(station)[0].HasField("clear_time")

    def test_twelve_hours_later_it_is_missed(self, station):
        made = plan(station, hours=0.5)
        later(station, hours=14)
        found = people(station, "doctor").GetVisit(pb.GetVisitRequest(name=made.name))
        assert found.state == pb.VISIT_STATE_MISSED
        assert not late_alerts(station)[0].HasField("clear_time")

    def test_a_visit_that_was_begun_or_called_off_alarms_nobody(self, station):
        begun, off = plan(station, hours=0.5), plan(station, hours=5)
        people(station, CARER).CheckInVisit(check_in(begun))
        asked = pb.CancelVisitRequest(name=off.name, reason="住院", request_id=request_id())
        people(station, "elder").CancelVisit(asked)
        later(station, hours=20)
        assert not late_alerts(station)


class TestCheckOutVisit:
    def test_what_is_undone_needs_a_word_and_all_is_kept(self, station):
        made = plan(station, hours=0.5)
        stub = people(station, CARER)
        asked = pb.CheckOutVisitRequest(name=made.name, done=[0], request_id=request_id())
        with refused("FAILED_PRECONDITION", "VISIT_PLANNED", "name"):
            stub.CheckOutVisit(asked)
        stub.CheckInVisit(check_in(made))
        with refused("INVALID_ARGUMENT", "NOTE_NEEDED", "note"):
            stub.CheckOutVisit(asked)
        asked.note, asked.request_id = "血压计没电", request_id()
        stub.CheckOutVisit(asked)
        found = people(station, "daughter").GetVisit(pb.GetVisitRequest(name=made.name))
        assert [one.done for one in found.tasks] == [True, False]
        assert (found.state, found.note) == (pb.VISIT_STATE_DONE, "血压计没电")


class TestCancelVisit:
    def test_not_by_strangers_and_not_by_the_carer(self, station):
        made = plan(station)
        asked = pb.CancelVisitRequest(name=made.name, reason="x", request_id=request_id())
        for person in ("vendor", CARER):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                people(station, person).CancelVisit(asked)


class TestListVisits:
    def test_a_stranger_hears_what_an_absent_elder_answers(self, station):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            people(station, "vendor").ListVisits(span(station, pb.ListVisitsRequest, parent=ELDER))

    def test_in_order_page_by_page(self, station):
        plan(station, hours=40)
        plan(station, hours=30)
        asked = span(station, pb.ListVisitsRequest, parent=ELDER, page_size=1)
        found = []
        while not found or asked.page_token:
            page = people(station, "daughter").ListVisits(asked)
            found += page.visits
            asked.page_token = page.next_page_token
        starts = [one.start_time.seconds for one in found]
        assert starts == sorted(starts)
        assert len({one.name for one in found}) == len(found) >= 2

    def test_a_span_that_cannot_be_is_named(self, station):
        asked = span(station, pb.ListVisitsRequest, days=60, parent=ELDER)
        with refused("INVALID_ARGUMENT", "SPAN_TOO_LONG", "end_time"):
            people(station, "daughter").ListVisits(asked)


class TestListRoster:
    def test_not_for_families_and_not_from_elsewhere(self, station):
        asked = span(station, pb.ListRosterRequest, parent=STATION)
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            people(station, "daughter").ListRoster(asked)
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            people(station, "operator").ListRoster(asked)

    def test_all_visits_of_the_station(self, station):
        made = plan(station)
        found = people(station, "doctor").ListRoster(
            span(station, pb.ListRosterRequest, parent=STATION)
        )
        assert made.name in {one.name for one in found.visits}


class TestListRoute:
    def test_not_without_the_role(self, station):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            people(station, "daughter").ListRoute(span(station, pb.ListRouteRequest))

    def test_only_the_own_visits_around_now_and_each_is_a_look(self, station):
        near, _far = plan(station, hours=23), plan(station, hours=60)
        asked = span(station, pb.ListRouteRequest)
        [found] = people(station, CARER).ListRoute(asked).visits
        assert (found.name, found.elder_display) == (near.name, "张桂芳")
        assert (found.address, found.contact_phone) == (
            "南桥镇示例路 88 弄 6 号 302 室",
            "13900000002",
        )
        assert near.name not in {
            one.name for one in people(station, "carer").ListRoute(asked).visits
        }
        with station.db.read() as conn:
            looks = conn.execute(
                select(audit.c.subject).where(
                    audit.c.action == "ListRoute", audit.c.actor == person_id(CARER)
                )
            ).scalars()
            assert person_id("elder") in set(looks)


class TestAssignment:
    """What a carer sees of an elder because they are sent there (C11)."""

    def file(self, station):
        asked = care_files_pb2.GetCareFileRequest(name=f"{ELDER}/careFile")
        return station.as_(CARER, CareFileServiceStub).GetCareFile(asked)

    def state(self, station):
        asked = monitoring_pb2.GetCareStateRequest(name=f"{ELDER}/careState")
        return station.as_(CARER, MonitoringServiceStub).GetCareState(asked)

    def points(self, station, *, raw):
        asked = monitoring_pb2.ListVitalPointsRequest(
            parent=ELDER, kind="oxygen-saturation", raw=raw
        )
        asked.start_time.FromDatetime(station.clock.now() - HOUR)
        asked.end_time.FromDatetime(station.clock.now() + HOUR)
        return station.as_(CARER, MonitoringServiceStub).ListVitalPoints(asked).points

    def test_without_a_visit_the_elder_answers_as_an_absent_one(self, station):
        plan(station, hours=25)
        for look in (self.file, self.state, lambda s: self.points(s, raw=False)):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                look(station)

    def test_from_a_day_before_until_a_day_after_file_and_summary_are_there(self, station):
        made = plan(station, hours=25)
        later(station, hours=1)
        assert self.file(station).allergies
        assert self.state(station).display_name == "张桂芳"
        later(station, hours=24 + 1 + 23)
        assert self.file(station).allergies
        people(station, CARER).GetVisit(pb.GetVisitRequest(name=made.name))
        later(station, hours=1)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            self.file(station)

    def test_a_cancelled_visit_shows_nothing(self, station):
        made = plan(station, hours=2)
        asked = pb.CancelVisitRequest(name=made.name, reason="住院", request_id=request_id())
        people(station, "doctor").CancelVisit(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            self.state(station)

    def test_single_readings_only_while_an_alarm_stands_and_half_an_hour_after(self, station):
        plan(station, hours=20)
        measured(station, 97)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            self.points(station, raw=True)
        later(station, minutes=1)
        measured(station, 86)
        assert [one.value for one in self.points(station, raw=True)] == [97, 86]
        alerts = station.as_("dispatcher", AlertServiceStub)
        [standing] = alerts.ListAlerts(alerts_pb2.ListAlertsRequest(open=True)).alerts
        alerts.ResolveAlert(
            alerts_pb2.ResolveAlertRequest(name=standing.name, note="已测", request_id=request_id())
        )
        later(station, minutes=29)
        assert self.points(station, raw=True)
        later(station, minutes=1)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            self.points(station, raw=True)

    def test_who_also_manages_the_station_sees_its_elders_but_no_more_readings(self, station):
        station.world.member(CARER, "station-manager", [HERE])
        made = plan(station, hours=60, carer="carer", kind=pb.VISIT_KIND_MEAL)
        assert self.file(station).allergies
        people(station, CARER).GetVisit(pb.GetVisitRequest(name=made.name))
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            self.points(station, raw=False)

    def test_who_comes_late_sees_no_more_for_it(self, station):
        plan(station, hours=0.5)
        later(station, hours=3)
        assert late_alerts(station)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            self.points(station, raw=True)

    def test_a_role_in_another_area_is_no_reason(self, station):
        plan(station, hours=2)
        station.world.member(CARER, "carer", [ELSEWHERE])
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            self.file(station)
