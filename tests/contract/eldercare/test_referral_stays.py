"""What follows an elder who moves by a referral, and that everything is as before on the return."""

from __future__ import annotations

from datetime import timedelta

import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from referral_story import ABROAD, BAND, BED, HOSPITAL, HOST, District, request_id
from refusals import refused
from xianban.eldercare.v1 import care_files_pb2, monitoring_pb2, whereabouts_pb2
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban.eldercare.v1.whereabouts_pb2_grpc import WhereaboutsServiceStub
from xianban_eldercare.rostering import roster_ahead
from xianban_sdk.demo import person_id


@pytest.fixture
def district(eldercare):
    """A carer works in the small home elsewhere, one at the elder's station."""
    eldercare.world.member("teacher", "carer", [ELSEWHERE])
    eldercare.world.member("carer", "carer", [HERE])
    made = District(eldercare)
    staff = organisations.Staff(
        name=f"{ABROAD}/staff/{person_id('teacher')}",
        display_name="吴静",
        employ_date=made.day(-10),
        active=True,
    )
    asked = organisations.UpdateStaffRequest(staff=staff, request_id=request_id())
    made.beds(HOST).UpdateStaff(asked)
    return made


def file_of(district, person="daughter"):
    stub = district.eldercare.as_(person, CareFileServiceStub)
    return stub.GetCareFile(care_files_pb2.GetCareFileRequest(name=f"{ELDER}/careFile"))


def limits(district, person="daughter"):
    stub = district.eldercare.as_(person, MonitoringServiceStub)
    found = stub.ListThresholds(monitoring_pb2.ListThresholdsRequest(parent=ELDER)).thresholds
    return {one.name.rpartition("/")[2]: one for one in found}


def limit_heart_rate(district, high, person="daughter"):
    threshold = monitoring_pb2.Threshold(
        name=f"{ELDER}/thresholds/heart-rate",
        low=50,
        high=high,
        severity=limits(district)["heart-rate"].severity,
    )
    threshold.sustain_seconds = 60
    stub = district.eldercare.as_(person, MonitoringServiceStub)
    stub.UpdateThreshold(
        monitoring_pb2.UpdateThresholdRequest(threshold=threshold, request_id=request_id())
    )


def places(district):
    stub = district.eldercare.as_("daughter", WhereaboutsServiceStub)
    found = stub.ListFences(whereabouts_pb2.ListFencesRequest(parent=ELDER)).fences
    return {one.display_name: one.active for one in found}


def visits_ahead(district):
    """State → how many, from now on."""
    asked = visits.ListVisitsRequest(parent=ELDER, page_size=200)
    asked.start_time.FromDatetime(district.clock.now())
    asked.end_time.FromDatetime(district.clock.now() + timedelta(days=40))
    found = district.eldercare.as_("daughter", VisitServiceStub).ListVisits(asked).visits
    ahead = [one for one in found if one.start_time.ToDatetime() > asked.start_time.ToDatetime()]
    counted = {}
    for one in ahead:
        counted.setdefault(one.state, []).append(one)
    return counted


def call_for_help(district):
    """Everybody up to the station is told within minutes."""
    stub = district.eldercare.as_("elder", MonitoringServiceStub)
    stub.RaiseSos(monitoring_pb2.RaiseSosRequest(parent=ELDER, request_id=request_id()))
    for _ in range(4):
        district.later(minutes=1, seconds=1)
    return district.eldercare.told()


def as_it_was(district):
    """Everything that a stay changes, as people see it."""
    file = file_of(district)
    file.ClearField("version")
    file.ClearField("update_time")
    return file, limits(district), places(district)


class TestAdmitReferral:
    def test_only_by_the_organisations_area_and_only_when_it_is_confirmed(self, district):
        made = district.offered()
        district.accept(made)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.admit(made, person="")
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            district.admit(made, person="daughter")
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "name"):
            district.admit(made, person="doctor")
        with refused("FAILED_PRECONDITION", "REFERRAL_ACCEPTED", "name"):
            district.admit(made)

    def test_the_file_goes_to_the_organisation_and_the_station_sees_it_no_more(self, district):
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            file_of(district, HOST)
        made = district.confirmed()
        district.admit(made)
        file = file_of(district, HOST)
        assert (file.area, file.station) == (ELSEWHERE, ABROAD)
        assert "奉浦长者照护之家" in file.address
        assert "1 室" in file.address
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            file_of(district, "doctor")
        # The referral stays in sight of who wrote it.
        assert district.get(made).state == pb.REFERRAL_STATE_ADMITTING
        assert district.get(made, HOST).name == made.name
        assert district.bed().state == organisations.BED_STATE_OCCUPIED

    def test_sensing_is_asked_once_and_its_answer_ends_the_hand_over(self, district):
        made = district.confirmed()
        district.admit(made)
        [asked] = district.asked_of_sensing()
        assert (asked.subject, asked.area, asked.back) == (ELDER, ELSEWHERE, False)
        assert asked.organisation == "奉浦长者照护之家"
        for _ in range(2):
            district.hear(made, "in")
        found = district.get(made)
        assert found.state == pb.REFERRAL_STATE_ADMITTED
        states = [step.state for step in found.steps]
        assert states.count(pb.REFERRAL_STATE_ADMITTED) == 1
        assert len(district.asked_of_sensing()) == 1

    def test_limits_follow_the_person(self, district):
        limit_heart_rate(district, 111)
        district.admitted()
        assert limits(district, HOST)["heart-rate"].high == 111

    def test_alarms_reach_who_works_there_instead_of_the_station(self, district):
        district.admitted()
        told = call_for_help(district)
        assert person_id("teacher") in told
        assert person_id("doctor") not in told
        assert person_id("daughter") in told

    def test_nobody_is_paged_because_the_elder_is_not_at_home(self, district):
        assert any(places(district).values())
        district.admitted()
        assert not any(places(district).values())

    def test_nobody_is_sent_to_the_empty_home(self, district):
        planned = len(visits_ahead(district)[visits.VISIT_STATE_PLANNED])
        assert planned
        district.admitted()
        roster_ahead(district.eldercare.service.resources)
        left = visits_ahead(district)
        assert visits.VISIT_STATE_PLANNED not in left
        reasons = {one.cancel_reason for one in left[visits.VISIT_STATE_CANCELLED]}
        assert reasons == {"老人已转介到奉浦长者照护之家"}

    def test_to_home_care_the_elder_stays_where_they_are(self, district):
        made = district.propose(
            origin=pb.CARE_SETTING_MEDICAL, target=pb.CARE_SETTING_HOME, reason="出院"
        )
        district.consent(made)
        district.offer(made, "organisations/nanqiao")
        asked = district.accepting(made, "", to="organisations/nanqiao")
        district.as_("doctor").AcceptReferralOffer(asked)
        district.confirm(made)
        before = file_of(district).address
        district.admit(made, "organisations/nanqiao", "doctor")
        file = file_of(district)
        assert (file.address, file.area, file.station) == (before, HERE, "organisations/nanqiao")
        assert visits_ahead(district)[visits.VISIT_STATE_PLANNED]
        assert any(places(district).values())


class TestReturnReferral:
    def test_not_by_the_elders_side_nor_before_the_elder_moved(self, district):
        made = district.confirmed()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.go_back(made, "")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            district.go_back(made, "elder")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
            district.go_back(made, "daughter")
        with refused("FAILED_PRECONDITION", "REFERRAL_CONFIRMED", "name"):
            district.go_back(made, "doctor")

    @pytest.mark.parametrize("person", [HOST, "doctor"])
    def test_everything_is_as_it_was(self, district, person):
        limit_heart_rate(district, 111)
        before = as_it_was(district)
        made = district.admitted()
        limit_heart_rate(district, 140, HOST)
        district.go_back(made, person)
        assert as_it_was(district) == before
        assert district.bed().state == organisations.BED_STATE_FREE
        assert district.get(made).state == pb.REFERRAL_STATE_RETURNING
        asked = district.asked_of_sensing()[-1]
        assert asked.back
        assert [one.device for one in asked.keeping] == [BAND["device"]]
        assert (asked.keeping[0].area, asked.keeping[0].organisation) == (
            BAND["area"],
            BAND["organisation"],
        )
        for _ in range(2):
            district.hear(made, "out")
        found = district.get(made)
        assert found.state == pb.REFERRAL_STATE_RETURNED
        assert [step.state for step in found.steps].count(pb.REFERRAL_STATE_RETURNED) == 1
        assert len(district.asked_of_sensing()) == 2
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            file_of(district, HOST)

    def test_weekly_visits_go_on(self, district):
        before = len(visits_ahead(district)[visits.VISIT_STATE_PLANNED])
        made = district.admitted()
        district.go_back(made)
        roster_ahead(district.eldercare.service.resources)
        assert len(visits_ahead(district)[visits.VISIT_STATE_PLANNED]) == before

    def test_alarms_reach_the_station_again(self, district):
        made = district.admitted()
        district.go_back(made)
        told = call_for_help(district)
        assert person_id("doctor") in told
        assert person_id("teacher") not in told

    def test_a_bed_that_was_entered_and_left_on_the_page_of_beds_is_no_trouble(self, district):
        made = district.confirmed()
        entered = organisations.OccupyBedRequest(name=BED, resident=ELDER, request_id=request_id())
        # The elder's area is not the host's: staff of both areas could.
        district.eldercare.world.member("dispatcher", "station-manager", ["310120"])
        district.beds("dispatcher").OccupyBed(entered)
        district.admit(made)
        district.hear(made, "in")
        asked = organisations.VacateBedRequest(name=BED, request_id=request_id())
        district.beds(HOST).VacateBed(asked)
        assert district.go_back(made).state == pb.REFERRAL_STATE_RETURNING


class TestAReferralOnwards:
    def onwards(self, district):
        """From the small home into the hospital."""
        made = district.propose(
            HOST,
            origin=pb.CARE_SETTING_INSTITUTION,
            target=pb.CARE_SETTING_MEDICAL,
            reason="肺炎",
        )
        district.consent(made)
        district.offer(made, HOSPITAL, person=HOST)
        district.as_(HOST).AcceptReferralOffer(district.accepting(made, "", to=HOSPITAL))
        district.confirm(made, HOST)
        return made

    def test_comes_back_to_the_institution_whose_bed_is_kept(self, district):
        first = district.admitted()
        there = as_it_was(district)
        second = self.onwards(district)
        with refused("FAILED_PRECONDITION", "REFERRAL_UNDER_WAY", "name"):
            district.go_back(first)
        district.admit(second, HOSPITAL)
        district.hear(second, "in", ({**BAND, "area": ELSEWHERE},))
        assert file_of(district).station == HOSPITAL
        with refused("FAILED_PRECONDITION", "ELDER_REFERRED_ON", "name"):
            district.go_back(first)
        assert district.bed().state == organisations.BED_STATE_OCCUPIED
        district.go_back(second)
        district.hear(second, "out")
        assert as_it_was(district) == there
        assert district.go_back(first).state == pb.REFERRAL_STATE_RETURNING
        assert file_of(district).area == HERE

    def test_where_the_elder_is_must_be_said_rightly(self, district):
        district.admitted()
        with refused("INVALID_ARGUMENT", "ORIGIN_OTHER", "referral.origin"):
            district.propose(HOST, target=pb.CARE_SETTING_MEDICAL)
        with refused("INVALID_ARGUMENT", "STAY_ENDS_BY_RETURN", "referral.target"):
            district.propose(HOST, origin=pb.CARE_SETTING_INSTITUTION, target=pb.CARE_SETTING_HOME)


class TestCallingOffAStay:
    def test_while_the_devices_are_on_their_way_they_come_back_when_they_have_arrived(
        self, district
    ):
        before = as_it_was(district)
        made = district.confirmed()
        district.admit(made)
        off = district.cancel(made)
        assert off.state == pb.REFERRAL_STATE_CANCELLING
        assert as_it_was(district) == before
        # Where they belong is not known before sensing's first answer.
        assert [one.back for one in district.asked_of_sensing()] == [False]
        district.hear(made, "in")
        assert district.get(made).state == pb.REFERRAL_STATE_CANCELLING
        assert [one.back for one in district.asked_of_sensing()] == [False, True]
        district.hear(made, "out")
        assert district.get(made).state == pb.REFERRAL_STATE_CANCELLED
        assert district.bed().state == organisations.BED_STATE_FREE

    def test_the_family_does_not_put_anybody_out(self, district):
        made = district.admitted()
        with refused("FAILED_PRECONDITION", "REFERRAL_ADMITTED", "name"):
            district.cancel(made, "daughter")
        assert district.cancel(made, HOST).state == pb.REFERRAL_STATE_CANCELLING

    def test_the_next_one_may_begin_only_when_it_is_undone(self, district):
        made = district.admitted()
        district.cancel(made)
        with refused("FAILED_PRECONDITION", "REFERRAL_UNDER_WAY", "parent"):
            district.propose()
        district.hear(made, "out")
        assert district.propose().state == pb.REFERRAL_STATE_PROPOSED
