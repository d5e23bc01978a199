"""Weekly visits: who writes and ends plans, and that each day gets one visit or a reason."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from threading import get_ident

import pytest
from eldercare_names import ELDER, HERE
from refusals import refused
from sqlalchemy import Engine, event
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import visit_plans_pb2 as pb
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban.eldercare.v1.organisations_pb2_grpc import OrganisationServiceStub
from xianban.eldercare.v1.visit_plans_pb2_grpc import VisitPlanServiceStub
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban_eldercare.rostering import roster_ahead
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.demo import person_id

STATION = "organisations/nanqiao"
CARER = "teacher"
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
_numbers = count(1)


def request_id():
    return f"plan-{next(_numbers):06d}"


def people(eldercare, person):
    return eldercare.as_(person, VisitPlanServiceStub)


def day(eldercare, ahead=0):
    return eldercare.clock.now().astimezone(SHANGHAI).date() + timedelta(days=ahead)


@pytest.fixture
def station(eldercare):
    """With one more carer, who has no tie to the elder."""
    for person in (CARER, "carer"):
        eldercare.world.member(person, "carer", [HERE])
    employ(eldercare)
    return eldercare


def employ(eldercare, days=100):
    held = [
        organisations.Licence(
            kind=kind,
            number="沪健 1",
            issue_date=day(eldercare, -300).isoformat(),
            expire_date=day(eldercare, days).isoformat(),
        )
        for kind in (organisations.LICENCE_KIND_HEALTH, organisations.LICENCE_KIND_CARE_WORKER)
    ]
    staff = organisations.Staff(
        name=f"{STATION}/staff/{person_id(CARER)}",
        display_name="吴静",
        employ_date=day(eldercare, -10).isoformat(),
        active=True,
        licences=held,
    )
    stub = eldercare.as_("doctor", OrganisationServiceStub)
    listed = stub.ListStaff(organisations.ListStaffRequest(parent=STATION)).staff
    staff.version = next((one.version for one in listed if one.name == staff.name), 0)
    stub.UpdateStaff(organisations.UpdateStaffRequest(staff=staff, request_id=request_id()))


def wanted(eldercare, parent=ELDER, **changes):
    facts = {
        "organisation": STATION,
        "carer": person_id(CARER),
        "kind": visits.VISIT_KIND_MEAL,
        "weekdays": EVERY_DAY,
        "start_time": "11:30",
        "minutes": 45,
        "travel_minutes": 15,
        "tasks": ["送餐到桌"],
        "first_date": day(eldercare, 1).isoformat(),
    }
    plan = pb.VisitPlan(**(facts | changes))
    return pb.CreateVisitPlanRequest(parent=parent, visit_plan=plan, request_id=request_id())


def create(eldercare, person="doctor", **how):
    return people(eldercare, person).CreateVisitPlan(wanted(eldercare, **how))


def end(eldercare, plan, person="doctor", reason="老人去女儿家住"):
    asked = pb.EndVisitPlanRequest(name=plan.name, reason=reason, request_id=request_id())
    return people(eldercare, person).EndVisitPlan(asked)


def listed(eldercare, person="doctor", **more):
    asked = pb.ListVisitPlansRequest(parent=ELDER, **more)
    return people(eldercare, person).ListVisitPlans(asked)


def found(eldercare, plan, person="doctor"):
    every = listed(eldercare, person).visit_plans
    return next(one for one in every if one.name == plan.name)


def made(eldercare):
    """The carer's visits to the elder, by local day."""
    asked = visits.ListVisitsRequest(parent=ELDER, page_size=200)
    asked.start_time.FromDatetime(eldercare.clock.now() - timedelta(days=2))
    asked.end_time.FromDatetime(eldercare.clock.now() + timedelta(days=40))
    every = eldercare.as_("elder", VisitServiceStub).ListVisits(asked).visits
    mine = [one for one in every if one.carer == person_id(CARER)]
    days = {one.start_time.ToDatetime().date(): one for one in mine}  # 11:30: the day in UTC, too
    assert len(days) == len(mine)
    return days


def roster(eldercare):
    """What the service's own thread does every quarter of an hour."""
    roster_ahead(eldercare.service.resources)


def single(eldercare, ahead, hour=3):
    """One visit planned by hand, over the plan's hour."""
    visit = visits.Visit(
        organisation=STATION, carer=person_id(CARER), kind=visits.VISIT_KIND_MEAL, travel_minutes=5
    )
    start = eldercare.clock.now().replace(hour=hour, minute=0, second=0, microsecond=0)
    start += timedelta(days=ahead)
    visit.start_time.FromDatetime(start)
    visit.end_time.FromDatetime(start + timedelta(hours=1))
    asked = visits.PlanVisitRequest(parent=ELDER, visit=visit, request_id=request_id())
    return eldercare.as_("doctor", VisitServiceStub).PlanVisit(asked)


def call_off(eldercare, visit, person="daughter"):
    asked = visits.CancelVisitRequest(name=visit.name, reason="住院", request_id=request_id())
    eldercare.as_(person, VisitServiceStub).CancelVisit(asked)


class TestCreateVisitPlan:
    def test_not_without_a_token(self, station):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            create(station, "")

    def test_neither_the_elder_nor_the_family_nor_a_stranger(self, station):
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            create(station, "elder")
        for person in ("daughter", "vendor"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
                create(station, person)

    def test_a_manager_elsewhere_finds_no_such_elder(self, station):
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            create(station, "operator")

    def test_the_next_two_weeks_have_their_visits_at_once(self, station):
        plan = create(station)
        assert (plan.carer_display, plan.version) == ("吴静", 1)
        assert not plan.unmade_days
        days = made(station)
        # From tomorrow: today is the first of the fourteen.
        assert sorted(days) == [day(station, ahead) for ahead in range(1, 14)]
        one = days[day(station, 1)]
        assert one.start_time.ToDatetime().strftime("%H:%M") == "03:30"
        assert one.end_time.seconds - one.start_time.seconds == 45 * 60
        assert [task.text for task in one.tasks] == ["送餐到桌"]

    def test_only_on_its_weekdays_and_until_its_last_day(self, station):
        last = day(station, 9)
        create(station, weekdays=[1, 4], last_date=last.isoformat())
        days = made(station)
        assert days
        assert {one.isoweekday() for one in days} <= {1, 4}
        assert max(days) <= last

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"weekdays": []}, "visit_plan.weekdays"),
            ({"weekdays": [8]}, "visit_plan.weekdays[0]"),
            ({"start_time": "24:00"}, "visit_plan.start_time"),
            ({"minutes": 721}, "visit_plan.minutes"),
            ({"first_date": "tomorrow"}, "visit_plan.first_date"),
            ({"carer": "x"}, "visit_plan.carer"),
        ],
    )
    def test_what_is_malformed_is_named(self, station, changes, field):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", field):
            create(station, **changes)

    def test_so_is_what_cannot_be(self, station):
        with refused("INVALID_ARGUMENT", "DAY_UNKNOWN", "visit_plan.first_date"):
            create(station, first_date="2026-02-30")
        with refused("INVALID_ARGUMENT", "PLAN_REVERSED", "visit_plan.last_date"):
            create(station, last_date=day(station).isoformat())
        with refused("NOT_FOUND", "CARER_NOT_FOUND", "visit_plan.carer"):
            create(station, carer=person_id("vendor"))
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "visit_plan.organisation"):
            create(station, organisation="organisations/nowhere")
        station.world.dismiss(CARER, "carer")
        with refused("FAILED_PRECONDITION", "CARER_NOT_HERE", "visit_plan.carer"):
            create(station)

    def test_the_same_request_again_is_one_plan(self, station):
        asked = wanted(station)
        stub = people(station, "doctor")
        assert stub.CreateVisitPlan(asked).name == stub.CreateVisitPlan(asked).name
        assert len(made(station)) == 13


class TestRostering:
    def test_any_number_of_passes_changes_nothing(self, station):
        create(station)
        before = made(station)
        for _ in range(3):
            roster(station)
        assert made(station) == before

    def test_two_processes_at_once_make_one_visit_a_day(self, station):
        create(station)
        station.clock.advance(timedelta(days=5))
        station.world.beat()
        barrier = threading.Barrier(2)

        def process():
            barrier.wait()
            roster(station)

        threads = [threading.Thread(target=process) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        # `made` would say that a day has two.
        assert max(made(station)) == day(station, 13)
        assert not [one for one in listed(station).visit_plans if one.unmade_days]

    def test_a_day_that_cannot_be_is_told_with_its_reason_and_the_others_are_made(self, station):
        taken = single(station, ahead=3)
        employ(station, days=10)
        plan = create(station)
        told = {date.fromisoformat(one.date): one for one in plan.unmade_days}
        assert {one: told[one].reason for one in told} == {
            day(station, 3): "CARER_BUSY",
            **{day(station, ahead): "LICENCE_NOT_VALID" for ahead in (11, 12, 13)},
        }
        assert "沪健 1" in told[day(station, 11)].display
        assert len(made(station)) == 10  # with the single visit of the third day
        assert made(station)[day(station, 3)].name == taken.name

    def test_it_is_made_once_nothing_is_in_the_way_any_more(self, station):
        employ(station, days=10)
        plan = create(station)
        employ(station, days=100)
        roster(station)
        assert not found(station, plan).unmade_days
        assert len(made(station)) == 13

    def test_a_day_that_somebody_called_off_is_not_made_again(self, station):
        create(station)
        call_off(station, made(station)[day(station, 4)])
        roster(station)
        assert made(station)[day(station, 4)].state == visits.VISIT_STATE_CANCELLED

    def test_of_two_plans_for_one_carer_and_hour_the_later_tells_why(self, station):
        create(station)
        second = create(station)
        assert {one.reason for one in second.unmade_days} == {"CARER_BUSY"}
        assert len(second.unmade_days) == len(made(station)) == 13

    def test_the_demos_elder_has_visits_in_a_week_too(self, station):
        [morning, evening] = listed(station).visit_plans
        assert (morning.start_time, evening.start_time) == ("09:00", "17:00")
        station.clock.advance(timedelta(days=7))
        station.world.beat()
        roster(station)
        asked = visits.ListVisitsRequest(parent=ELDER)
        asked.start_time.FromDatetime(station.clock.now() - timedelta(hours=12))
        asked.end_time.FromDatetime(station.clock.now() + timedelta(hours=12))
        assert len(station.as_("elder", VisitServiceStub).ListVisits(asked).visits) >= 2


class TestEndVisitPlan:
    def test_not_without_a_token_nor_by_the_family_nor_from_elsewhere(self, station):
        plan = create(station)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            end(station, plan, "")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            end(station, plan, "elder")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            end(station, plan, "daughter")
        with refused("NOT_FOUND", "VISIT_PLAN_NOT_FOUND", "name"):
            end(station, plan, "operator")

    def test_its_visits_ahead_are_called_off_with_the_reason_and_no_more_come(self, station):
        plan, other = create(station), single(station, ahead=2, hour=8)
        assert other.state == visits.VISIT_STATE_PLANNED
        ended = end(station, plan)
        assert ended.HasField("end_time")
        station.clock.advance(timedelta(days=1))
        station.world.beat()
        roster(station)
        asked = visits.ListVisitsRequest(parent=ELDER, page_size=200)
        asked.start_time.FromDatetime(station.clock.now() - timedelta(days=2))
        asked.end_time.FromDatetime(station.clock.now() + timedelta(days=40))
        every = station.as_("elder", VisitServiceStub).ListVisits(asked).visits
        mine = [one for one in every if one.carer == person_id(CARER)]
        off = [one for one in mine if one.state == visits.VISIT_STATE_CANCELLED]
        assert len(off) == 13
        assert {one.cancel_reason for one in off} == {"老人去女儿家住"}
        assert [one.name for one in mine if one not in off] == [other.name]
        assert plan.name not in {one.name for one in listed(station).visit_plans}

    def test_twice_is_refused_and_the_same_request_again_is_the_same(self, station):
        plan = create(station)
        asked = pb.EndVisitPlanRequest(name=plan.name, reason="x", request_id=request_id())
        stub = people(station, "doctor")
        assert stub.EndVisitPlan(asked) == stub.EndVisitPlan(asked)
        with refused("FAILED_PRECONDITION", "VISIT_PLAN_ENDED", "name"):
            end(station, plan)


@contextmanager
def statements(*, here=False):
    """What is asked of the database meanwhile, by all the service's threads or by this one."""
    asked = []
    mine = get_ident()

    def note(conn, cursor, statement, *more):
        if not here or get_ident() == mine:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


class TestTheDatabase:
    def test_is_asked_once_who_the_carer_is_for_all_the_days_of_a_plan(self, station):
        with statements() as asked:
            create(station)
        assert sum("FROM staff_licence" in one for one in asked) == 1
        # Whether this one person is a carer, not who all the carers are.
        roles = [one for one in asked if "FROM relation_record" in one]
        assert all("actor" in one for one in roles)

    def test_is_asked_as_much_for_many_plans_as_for_one_when_no_day_is_lacking(self, station):
        create(station)
        roster(station)
        with statements(here=True) as few:
            roster(station)
        create(station, start_time="15:30")
        with statements(here=True) as many:
            roster(station)
        assert len(many) == len(few)


class TestListVisitPlans:
    def test_not_without_a_token_nor_for_a_stranger_or_a_carer_by_role(self, station):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            listed(station, "")
        for person in ("vendor", CARER):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
                listed(station, person)

    def test_the_elders_side_sees_the_plan_but_not_what_stands_in_its_way(self, station):
        employ(station, days=10)
        plan = create(station)
        for person in ("elder", "daughter"):
            shown = found(station, plan, person)
            assert (shown.start_time, list(shown.weekdays)) == ("11:30", list(EVERY_DAY))
            assert not shown.unmade_days
        assert found(station, plan).unmade_days

    def test_a_manager_elsewhere_finds_none(self, station):
        create(station)
        assert not listed(station, "operator").visit_plans

    def test_page_by_page(self, station):
        plan, names, token = create(station), [], None
        while token != "":
            page = listed(station, page_size=1, page_token=token or "")
            names += [one.name for one in page.visit_plans]
            token = page.next_page_token
        assert len(names) == len(set(names)) == 3
        assert names[-1] == plan.name
