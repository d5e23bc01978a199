"""What follows an elder who moves by a referral, and that everything is as before on the return."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from referral_story import (
    ABROAD,
    BAND,
    BED,
    HOME,
    HOME_BED,
    HOSPITAL,
    HOST,
    District,
    request_id,
)
from refusals import refused
from sqlalchemy import select
from xianban.common.v1 import messages_pb2
from xianban.eldercare.v1 import care_files_pb2, monitoring_pb2, whereabouts_pb2
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban.eldercare.v1.whereabouts_pb2_grpc import WhereaboutsServiceStub
from xianban_eldercare.repository.responders import responders
from xianban_eldercare.rostering import roster_ahead
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.demo import person_id
from xianban_sdk.storage.tables import outbox

OTHER = f"residents/{person_id('resident')}"
WARD = f"{HOSPITAL}/beds/3-1"


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


def standing(district):
    return visits_ahead(district).get(visits.VISIT_STATE_PLANNED, [])


def open_file(district):
    file = care_files_pb2.CareFile(name=f"{OTHER}/careFile", display_name="王建国", area=HERE)
    asked = care_files_pb2.UpdateCareFileRequest(care_file=file, request_id=request_id())
    district.eldercare.as_("doctor", CareFileServiceStub).UpdateCareFile(asked)


def single(district, resident=ELDER):
    """In five days at four in the morning, when nobody comes by a plan."""
    start = district.clock.now().replace(hour=20, minute=0, second=0) + timedelta(days=5)
    visit = visits.Visit(
        organisation="organisations/nanqiao",
        carer=person_id("carer"),
        kind=visits.VISIT_KIND_MEAL,
        tasks=[visits.VisitTask(text="陪诊")],
    )
    visit.start_time.FromDatetime(start)
    visit.end_time.FromDatetime(start + timedelta(hours=1))
    asked = visits.PlanVisitRequest(parent=resident, visit=visit, request_id=request_id())
    return district.eldercare.as_("doctor", VisitServiceStub).PlanVisit(asked)


def messages(district):
    key = "eldercare.v1.message_requested"
    query = select(outbox.c.data).where(outbox.c.routing_key == key).order_by(outbox.c.seq)
    with district.eldercare.db.read() as conn:
        found = [bytes(data) for data in conn.scalars(query)]
    return [messages_pb2.MessageRequested.FromString(data) for data in found]


def managers(district):
    with district.eldercare.db.read() as conn:
        return responders(conn, {"station-manager"}, HERE)


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

    def test_a_visit_planned_by_itself_is_planned_again(self, district):
        planned = single(district)
        made = district.admitted()
        district.go_back(made)
        [again] = [one for one in standing(district) if one.start_time == planned.start_time]
        assert again.name != planned.name
        assert (again.carer, again.kind) == (planned.carer, planned.kind)

    def test_one_that_the_family_had_called_off_stays_off(self, district):
        planned = single(district)
        asked = visits.CancelVisitRequest(
            name=planned.name, reason="不需要", request_id=request_id()
        )
        district.eldercare.as_("daughter", VisitServiceStub).CancelVisit(asked)
        made = district.admitted()
        district.go_back(made)
        assert planned.start_time not in [one.start_time for one in standing(district)]

    def test_of_one_that_cannot_be_planned_again_the_station_hears(self, district):
        planned = single(district)
        made = district.admitted()
        open_file(district)
        single(district, resident=OTHER)
        district.go_back(made)
        assert planned.start_time not in [one.start_time for one in standing(district)]
        told = {
            (one.recipient, one.template, one.params["times"])
            for one in messages(district)
            if "unplanned" in one.template
        }
        start = planned.start_time.ToDatetime(UTC).astimezone(SHANGHAI)
        assert told == {
            (person, "eldercare-referral-unplanned", f"{start:%Y-%m-%d %H:%M}")
            for person in managers(district)
        }

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
    def onwards(self, district, bed=""):
        """From the small home into the hospital."""
        made = district.propose(
            HOST,
            origin=pb.CARE_SETTING_INSTITUTION,
            target=pb.CARE_SETTING_MEDICAL,
            reason="肺炎",
        )
        district.consent(made)
        district.offer(made, HOSPITAL, person=HOST)
        asked = district.accepting(made, bed, to=HOSPITAL)
        district.as_(HOST).AcceptReferralOffer(asked)
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

    @pytest.fixture
    def ward(self, district):
        bed = organisations.Bed(name=WARD, room="3 病区", kind=organisations.BED_KIND_ORDINARY)
        asked = organisations.UpdateBedRequest(bed=bed, request_id=request_id())
        return district.beds(HOST).UpdateBed(asked).name

    def test_a_hospital_too_keeps_a_bed_which_is_free_again_when_nobody_comes(self, district, ward):
        district.admitted()
        made = self.onwards(district, ward)
        assert district.bed(ward).state == organisations.BED_STATE_HELD
        district.later(days=4)
        assert district.bed(ward).state == organisations.BED_STATE_FREE
        assert district.get(made, HOST).state == pb.REFERRAL_STATE_CONSENTED
        assert district.bed().state == organisations.BED_STATE_OCCUPIED

    def test_while_in_the_hospital_s_bed_the_institution_s_is_kept_and_lain_in_again(
        self, district, ward
    ):
        district.admitted()
        made = self.onwards(district, ward)
        district.admit(made, HOSPITAL)
        district.hear(made, "in", ({**BAND, "area": ELSEWHERE},))
        assert district.bed(ward).state == organisations.BED_STATE_OCCUPIED
        assert district.bed().state == organisations.BED_STATE_HELD
        district.go_back(made)
        district.hear(made, "out")
        assert district.bed(ward).state == organisations.BED_STATE_FREE
        assert district.bed().state == organisations.BED_STATE_OCCUPIED

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


class TestFromOneInstitutionToAnother:
    """The elder lies in the home at their station, and is referred to the small one elsewhere."""

    @pytest.fixture
    def lying(self, district):
        self.occupy(district, HOME_BED)
        return district

    def occupy(self, district, bed, resident=ELDER):
        asked = organisations.OccupyBedRequest(name=bed, resident=resident, request_id=request_id())
        district.beds("doctor").OccupyBed(asked)

    def confirmed(self, district):
        there = pb.CARE_SETTING_INSTITUTION
        made = district.propose(origin=there, target=there, reason="护理升级")
        district.consent(made)
        district.offer(made, ABROAD)
        district.accept(made)
        district.confirm(made)
        return made

    def admitted(self, district):
        made = self.confirmed(district)
        district.admit(made)
        district.hear(made, "in")
        return made

    def own_bed(self, district):
        return district.bed(HOME_BED, "doctor")

    def test_the_bed_there_is_held_and_the_one_here_is_kept_to_come_back_to(self, lying):
        self.confirmed(lying)
        assert lying.bed().state == organisations.BED_STATE_HELD
        assert self.own_bed(lying).state == organisations.BED_STATE_OCCUPIED

    def test_on_arrival_the_elder_lies_there_and_has_the_bed_here_for_a_month(self, lying):
        self.admitted(lying)
        assert lying.bed().state == organisations.BED_STATE_OCCUPIED
        kept = self.own_bed(lying)
        assert (kept.state, kept.resident) == (organisations.BED_STATE_HELD, ELDER)
        assert kept.hold_expire_time.ToDatetime(UTC) == lying.clock.now() + timedelta(days=30)

    def test_on_the_return_everything_is_as_it_was(self, lying):
        before = as_it_was(lying)
        made = self.admitted(lying)
        lying.go_back(made)
        assert self.own_bed(lying).state == organisations.BED_STATE_OCCUPIED
        assert lying.bed().state == organisations.BED_STATE_FREE
        assert as_it_was(lying) == before

    def test_a_bed_that_somebody_else_has_by_then_is_told_of(self, lying):
        made = self.admitted(lying)
        lying.later(days=31)
        assert self.own_bed(lying).state == organisations.BED_STATE_FREE
        open_file(lying)
        self.occupy(lying, HOME_BED, OTHER)
        lying.go_back(made)
        assert lying.get(made).state == pb.REFERRAL_STATE_RETURNING
        assert self.own_bed(lying).resident == OTHER
        told = {one.recipient for one in messages(lying) if "bedless" in one.template}
        assert told == set(managers(lying))

    def test_nobody_asks_the_house_where_the_elder_lives(self, lying):
        there = pb.CARE_SETTING_INSTITUTION
        made = lying.propose(origin=there, target=there)
        lying.consent(made)
        with refused("INVALID_ARGUMENT", "REFERRAL_SAME_PLACE", "organisations[0]"):
            lying.offer(made, HOME)

    def test_called_off_before_the_move_the_elder_keeps_lying_here(self, lying):
        made = self.confirmed(lying)
        lying.cancel(made)
        assert lying.bed().state == organisations.BED_STATE_FREE
        assert self.own_bed(lying).state == organisations.BED_STATE_OCCUPIED
