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
from xianban_sdk.clock import local_day
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
    return local_day(eldercare.clock.now()) + timedelta(days=ahead)


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


def change(eldercare, plan, person="doctor", ahead=3, reason="改到下午", version=None, **changes):
    new = pb.VisitPlan()
    new.CopyFrom(plan)
    for field in changes:
        new.ClearField(field)
    new.MergeFrom(pb.VisitPlan(**changes))
    new.version = plan.version if version is None else version
    asked = pb.UpdateVisitPlanRequest(
        name=plan.name,
        visit_plan=new,
        from_date=day(eldercare, ahead).isoformat(),
        reason=reason,
        request_id=request_id(),
    )
    return people(eldercare, person).UpdateVisitPlan(asked)


def standing(eldercare):
    """Local day → hours of the visits that are not called off."""
    found = {}
    asked = visits.ListVisitsRequest(parent=ELDER, page_size=200)
    asked.start_time.FromDatetime(eldercare.clock.now() - timedelta(days=2))
    asked.end_time.FromDatetime(eldercare.clock.now() + timedelta(days=40))
    for one in eldercare.as_("elder", VisitServiceStub).ListVisits(asked).visits:
        if one.carer == person_id(CARER) and one.state != visits.VISIT_STATE_CANCELLED:
            local = one.start_time.ToDatetime() + timedelta(hours=8)
            found.setdefault(local.date(), []).append(f"{local:%H:%M}")
    return found


class TestUpdateVisitPlan:
    def test_it_is_the_manager_s(self, station):
        plan = create(station)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            change(station, plan, "elder")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            change(station, plan, "vendor")
        with refused("NOT_FOUND", "VISIT_PLAN_NOT_FOUND"):
            change(station, plan, "operator")

    def test_from_the_day_on_visits_come_at_the_new_time_and_before_it_at_the_old(self, station):
        plan = create(station)
        after = change(station, plan, start_time="15:00")
        assert (after.follows, after.first_date) == (plan.name, day(station, 3).isoformat())
        old, new = range(1, 3), range(3, 14)
        expected = {day(station, n): ["11:30"] for n in old}
        expected |= {day(station, n): ["15:00"] for n in new}
        assert standing(station) == expected
        assert found(station, plan).last_date == day(station, 2).isoformat()
        roster(station)
        assert standing(station) == expected

    def test_other_days_of_the_week(self, station):
        plan = create(station)
        change(station, plan, ahead=1, weekdays=[day(station, 4).isoweekday()])
        assert sorted(standing(station)) == [day(station, 4), day(station, 11)]
        # Nothing of it had come into force: only what holds is listed.
        assert plan.name not in {one.name for one in listed(station).visit_plans}

    def test_another_carer_must_work_there(self, station):
        plan = create(station)
        with refused("NOT_FOUND", "CARER_NOT_FOUND", "visit_plan.carer"):
            change(station, plan, carer=person_id("vendor"))
        assert len(standing(station)) == 13

    def test_a_visit_that_has_begun_stays_and_its_day_has_no_other(self, station):
        plan = create(station, first_date=day(station).isoformat(), start_time="17:30")
        station.clock.advance(timedelta(hours=8, minutes=40))
        begun = made(station)[day(station)]
        stub = station.as_(CARER, VisitServiceStub)
        stub.CheckInVisit(
            visits.CheckInVisitRequest(
                name=begun.name, away_reason="在邻居家", request_id=request_id()
            )
        )
        change(station, plan, ahead=0, start_time="19:00")
        assert standing(station)[day(station)] == ["17:30"]
        assert standing(station)[day(station, 1)] == ["19:00"]

    def test_a_visit_that_the_family_called_off_is_not_made_anew(self, station):
        plan = create(station)
        call_off(station, made(station)[day(station, 5)])
        change(station, plan, start_time="15:00")
        assert day(station, 5) not in standing(station)

    def test_whoever_saw_an_older_version_looks_again(self, station):
        with refused("ABORTED", "VISIT_PLAN_CHANGED", "visit_plan.version"):
            change(station, create(station), version=7)

    @pytest.mark.parametrize(
        ("ahead", "reason"), [(-1, "PLAN_CHANGE_PAST"), (9, "PLAN_CHANGE_AFTER_END")]
    )
    def test_yesterday_and_after_its_end_nothing_changes(self, station, ahead, reason):
        plan = create(station, last_date=day(station, 8).isoformat())
        with refused("INVALID_ARGUMENT", reason, "from_date"):
            change(station, plan, ahead=ahead)

    def test_an_ended_one_is_over(self, station):
        plan = create(station)
        end(station, plan)
        with refused("FAILED_PRECONDITION", "VISIT_PLAN_ENDED", "name"):
            change(station, plan)


class TestHolidays:
    @pytest.fixture
    def new_year(self, station):
        """1 to 3 January 2026 are off, by the notice of November 2025."""
        station.clock.advance(date(2025, 12, 28) - day(station))
        station.world.beat()
        employ(station)
        return station

    @pytest.mark.parametrize(
        ("choice", "days"),
        [
            (pb.HOLIDAY_CHOICE_KEEP, [1, 2, 5, 6, 8, 9]),
            (pb.HOLIDAY_CHOICE_SKIP, [5, 6, 8, 9]),
            # Thursday the 1st and Friday the 2nd take Sunday the 4th and Wednesday the 7th.
            (pb.HOLIDAY_CHOICE_MOVE, [4, 5, 6, 7, 8, 9]),
        ],
    )
    def test_a_visit_is_kept_left_out_or_moved(self, new_year, choice, days):
        create(new_year, weekdays=[1, 2, 4, 5], holidays=choice)
        roster(new_year)
        january = [one.day for one in sorted(standing(new_year)) if one.month == 1]
        assert january == days
