"""Organisations, staff and beds: public facts, and what only those who answer for an area do."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count

import grpc
import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from refusals import refused
from sqlalchemy import select
from xianban.eldercare.v1 import organisations_pb2 as pb
from xianban.eldercare.v1.organisations_pb2_grpc import OrganisationServiceStub
from xianban_sdk.clock import local_day
from xianban_sdk.demo import person_id
from xianban_sdk.storage.tables import audit

STATION = "organisations/nanqiao"
HOME = "organisations/nanqiao-home"
BED = f"{HOME}/beds/101-1"
OTHER_BED = f"{HOME}/beds/201-1"
_numbers = count(1)


def request_id():
    return f"organisation-{next(_numbers):06d}"


def desk(eldercare, person="doctor"):
    return eldercare.as_(person, OrganisationServiceStub)


def day(eldercare, days=0):
    return local_day(eldercare.clock.now() + timedelta(days=days)).isoformat()


def organisation(**changes):
    facts = {
        "name": "organisations/new-one",
        "display_name": "新开的日间照料中心",
        "kind": pb.ORGANISATION_KIND_DAY_CARE,
        "area": HERE,
        "capacity": 30,
    }
    return pb.UpdateOrganisationRequest(
        organisation=pb.Organisation(**(facts | changes)), request_id=request_id()
    )


def licence(eldercare, kind=pb.LICENCE_KIND_HEALTH, days=100, number="沪健 1"):
    return pb.Licence(
        kind=kind, number=number, issue_date=day(eldercare, -300), expire_date=day(eldercare, days)
    )


def staff(eldercare, person="teacher", licences=None, **changes):
    facts = {
        "name": f"{STATION}/staff/{person_id(person)}",
        "display_name": "吴静",
        "employ_date": day(eldercare, -10),
        "active": True,
        "licences": [licence(eldercare)] if licences is None else licences,
    }
    return pb.UpdateStaffRequest(staff=pb.Staff(**(facts | changes)), request_id=request_id())


def hold(name=BED, resident=ELDER, hours=24):
    return pb.HoldBedRequest(name=name, resident=resident, hours=hours, request_id=request_id())


def occupy(name=BED, resident=ELDER):
    return pb.OccupyBedRequest(name=name, resident=resident, request_id=request_id())


def bed(eldercare, name=BED):
    found = desk(eldercare).ListBeds(pb.ListBedsRequest(parent=HOME)).beds
    return next(one for one in found if one.name == name)


def member(eldercare, person="teacher"):
    asked = pb.GetStaffRequest(name=f"{STATION}/staff/{person_id(person)}")
    return desk(eldercare).GetStaff(asked)


def touched(eldercare, person):
    """What the person's audit says: which deed, and whose."""
    with eldercare.db.read() as conn:
        mine = select(audit.c.action, audit.c.actor).where(audit.c.subject == person_id(person))
        return [tuple(row) for row in conn.execute(mine.order_by(audit.c.id))]


class TestListOrganisations:
    def test_anybody_finds_those_of_an_area_and_kind_by_name(self, eldercare):
        asked = pb.ListOrganisationsRequest(area=HERE, page_size=1)
        first = desk(eldercare, "").ListOrganisations(asked)
        asked.page_token = first.next_page_token
        second = desk(eldercare, "").ListOrganisations(asked)
        found = {one.name for one in (*first.organisations, *second.organisations)}
        assert found == {STATION, HOME}
        kind = pb.ListOrganisationsRequest(kind=pb.ORGANISATION_KIND_COMMUNITY_HOME)
        [only] = desk(eldercare, "vendor").ListOrganisations(kind).organisations
        assert only.area == ELSEWHERE


class TestGetOrganisation:
    def test_an_absent_one_is_not_found(self, eldercare):
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "name"):
            desk(eldercare, "").GetOrganisation(pb.GetOrganisationRequest(name="organisations/no"))

    def test_free_beds_are_counted_and_nobody_is_named(self, eldercare):
        desk(eldercare).OccupyBed(occupy())
        found = desk(eldercare, "").GetOrganisation(pb.GetOrganisationRequest(name=HOME))
        assert (found.free_beds, found.free_nursing_beds) == (5, 2)
        assert ELDER.encode() not in found.SerializeToString()


class TestUpdateOrganisation:
    def test_not_without_a_token(self, eldercare):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            desk(eldercare, "").UpdateOrganisation(organisation())

    def test_not_for_residents(self, eldercare):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            desk(eldercare, "daughter").UpdateOrganisation(organisation())

    def test_only_within_the_own_area_before_and_after(self, eldercare):
        with refused("INVALID_ARGUMENT", "AREA_NOT_YOURS", "organisation.area"):
            desk(eldercare, "operator").UpdateOrganisation(organisation())
        desk(eldercare).UpdateOrganisation(organisation())
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "organisation.name"):
            desk(eldercare, "operator").UpdateOrganisation(organisation(area=ELSEWHERE))

    def test_who_saw_an_older_version_must_look_again(self, eldercare):
        made = desk(eldercare).UpdateOrganisation(organisation())
        desk(eldercare).UpdateOrganisation(organisation(version=made.version, capacity=31))
        with refused("ABORTED", "ORGANISATION_CHANGED", "organisation.version"):
            desk(eldercare).UpdateOrganisation(organisation(version=made.version, capacity=32))

    def test_a_new_one_is_never_written_over_one_that_is_there(self, eldercare):
        desk(eldercare).UpdateOrganisation(organisation())
        with refused("ALREADY_EXISTS", "ORGANISATION_EXISTS", "organisation.name"):
            desk(eldercare).UpdateOrganisation(organisation(display_name="另一家"))
        with refused("ABORTED", "ORGANISATION_CHANGED", "organisation.version"):
            gone = organisation(name="organisations/gone", version=3)
            desk(eldercare).UpdateOrganisation(gone)

    def test_a_day_that_does_not_exist_is_named(self, eldercare):
        with refused("INVALID_ARGUMENT", "DAY_UNKNOWN", "organisation.licence_expire_date"):
            desk(eldercare).UpdateOrganisation(organisation(licence_expire_date="2027-02-30"))


class TestUpdateStaff:
    def test_not_for_residents(self, eldercare):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            desk(eldercare, "daughter").UpdateStaff(staff(eldercare))

    def test_a_manager_elsewhere_finds_no_such_organisation(self, eldercare):
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "staff.name"):
            desk(eldercare, "operator").UpdateStaff(staff(eldercare))

    def test_who_has_which_role_is_identitys_to_say(self, eldercare):
        with refused("FAILED_PRECONDITION", "STAFF_NOT_A_CARER", "staff.name"):
            desk(eldercare).UpdateStaff(staff(eldercare))
        eldercare.world.member("teacher", "carer", [HERE])
        made = desk(eldercare).UpdateStaff(staff(eldercare))
        assert (made.version, made.licences[0].number) == (1, "沪健 1")

    @pytest.mark.parametrize(
        ("reason", "field", "changes"),
        [
            ("LICENCE_TWICE", "staff.licences[1].kind", {"days": (9, 9)}),
            ("DAYS_REVERSED", "staff.licences[0].expire_date", {"days": (-400,)}),
        ],
    )
    def test_impossible_licences_are_named(self, eldercare, reason, field, changes):
        eldercare.world.member("teacher", "carer", [HERE])
        held = [licence(eldercare, days=one) for one in changes["days"]]
        with refused("INVALID_ARGUMENT", reason, field):
            desk(eldercare).UpdateStaff(staff(eldercare, licences=held))

    def test_the_form_for_somebody_new_changes_nobody_who_works_there(self, eldercare):
        eldercare.world.member("teacher", "carer", [HERE])
        made = desk(eldercare).UpdateStaff(staff(eldercare))
        with refused("ALREADY_EXISTS", "STAFF_EXISTS", "staff.name"):
            desk(eldercare).UpdateStaff(staff(eldercare, licences=[], display_name="别人"))
        with refused("ABORTED", "STAFF_CHANGED", "staff.version"):
            desk(eldercare).UpdateStaff(staff(eldercare, version=made.version + 1))
        assert member(eldercare).display_name == "吴静"
        changed = staff(eldercare, version=made.version, qualification="三级")
        assert desk(eldercare).UpdateStaff(changed).version == 2

    def test_who_wrote_it_stands_in_the_carers_audit(self, eldercare):
        eldercare.world.member("teacher", "carer", [HERE])
        desk(eldercare).UpdateStaff(staff(eldercare))
        assert touched(eldercare, "teacher") == [("UpdateStaff", person_id("doctor"))]


class TestGetStaff:
    def test_not_without_a_token_not_for_carers_themselves_and_not_from_elsewhere(self, eldercare):
        asked = pb.GetStaffRequest(name=f"{STATION}/staff/{person_id('carer')}")
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            desk(eldercare, "").GetStaff(asked)
        eldercare.world.member("carer", "carer", [HERE])
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            desk(eldercare, "carer").GetStaff(asked)
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "name"):
            desk(eldercare, "operator").GetStaff(asked)

    def test_one_with_their_licences_and_the_look_is_in_their_audit(self, eldercare):
        found = member(eldercare, "carer")
        assert (found.display_name, found.version) == ("刘芳", 1)
        assert found.licences
        assert touched(eldercare, "carer") == [("GetStaff", person_id("doctor"))]

    def test_who_does_not_work_there_is_not_found(self, eldercare):
        with refused("NOT_FOUND", "STAFF_NOT_FOUND", "name"):
            member(eldercare, "teacher")


class TestListStaff:
    def test_who_looked_at_a_carers_licences_stands_in_the_carers_audit(self, eldercare):
        desk(eldercare).ListStaff(pb.ListStaffRequest(parent=STATION))
        assert touched(eldercare, "carer") == [("ListStaff", person_id("doctor"))]

    def test_not_for_carers_themselves_and_not_from_elsewhere(self, eldercare):
        eldercare.world.member("carer", "carer", [HERE])
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            desk(eldercare, "carer").ListStaff(pb.ListStaffRequest(parent=STATION))
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            desk(eldercare, "operator").ListStaff(pb.ListStaffRequest(parent=STATION))

    def test_licences_are_warned_of_thirty_days_ahead(self, eldercare):
        eldercare.world.member("teacher", "carer", [HERE])
        desk(eldercare).UpdateStaff(staff(eldercare, licences=[licence(eldercare, days=31)]))
        asked = pb.ListStaffRequest(parent=STATION, expiring=True)
        assert not desk(eldercare).ListStaff(asked).staff
        eldercare.clock.advance(timedelta(days=1))
        eldercare.world.beat()
        assert [one.display_name for one in desk(eldercare).ListStaff(asked).staff] == ["吴静"]
        eldercare.clock.advance(timedelta(days=31))
        eldercare.world.beat()
        [mine] = [
            one for one in desk(eldercare).ListStaff(asked).staff if one.display_name == "吴静"
        ]
        assert (mine.licences[0].expired, mine.licences[0].expires_soon) == (True, False)


class TestDemo:
    def test_its_carers_may_still_be_sent_after_half_a_year(self, eldercare):
        eldercare.clock.advance(timedelta(days=180))
        eldercare.world.beat()
        asked = pb.ListStaffRequest(parent=STATION, expiring=True)
        assert not desk(eldercare).ListStaff(asked).staff


class TestHoldBed:
    def test_not_for_residents_and_not_from_elsewhere(self, eldercare):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            desk(eldercare, "daughter").HoldBed(hold())
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND", "resident"):
            desk(eldercare, "operator").HoldBed(hold())

    def test_a_hold_ends_by_itself_at_its_time_and_not_before(self, eldercare):
        desk(eldercare).HoldBed(hold(hours=2))
        eldercare.clock.advance(timedelta(hours=1, minutes=59))
        eldercare.fire_timers()
        eldercare.world.beat()
        assert bed(eldercare).state == pb.BED_STATE_HELD
        eldercare.clock.advance(timedelta(minutes=1))
        eldercare.fire_timers()
        assert (bed(eldercare).state, bed(eldercare).resident) == (pb.BED_STATE_FREE, "")

    def test_moved_it_ends_at_the_new_time(self, eldercare):
        desk(eldercare).HoldBed(hold(hours=2))
        desk(eldercare).HoldBed(hold(hours=5))
        eldercare.clock.advance(timedelta(hours=3))
        eldercare.fire_timers()
        eldercare.world.beat()
        assert bed(eldercare).state == pb.BED_STATE_HELD

    def test_the_same_request_again_holds_once(self, eldercare):
        asked = hold()
        first = desk(eldercare).HoldBed(asked)
        eldercare.clock.advance(timedelta(minutes=1))
        eldercare.world.beat()
        assert desk(eldercare).HoldBed(asked) == first

    @pytest.mark.parametrize("hours", [-1, 24 * 31])
    def test_a_time_that_cannot_be_is_named(self, eldercare, hours):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "hours"):
            desk(eldercare).HoldBed(hold(hours=hours))


class TestReleaseBed:
    def test_a_held_bed_is_free_again_and_another_is_not_to_release(self, eldercare):
        desk(eldercare).HoldBed(hold())
        asked = pb.ReleaseBedRequest(name=BED, request_id=request_id())
        assert desk(eldercare).ReleaseBed(asked).state == pb.BED_STATE_FREE
        with refused("FAILED_PRECONDITION", "BED_FREE", "name"):
            again = pb.ReleaseBedRequest(name=BED, request_id=request_id())
            desk(eldercare).ReleaseBed(again)


class TestOccupyBed:
    def test_into_the_bed_that_is_kept_for_one_but_into_no_second(self, eldercare):
        desk(eldercare).HoldBed(hold())
        moved = desk(eldercare).OccupyBed(occupy())
        assert (moved.state, moved.resident_display) == (pb.BED_STATE_OCCUPIED, "张桂芳")
        with refused("FAILED_PRECONDITION", "RESIDENT_HAS_A_BED", "resident"):
            desk(eldercare).OccupyBed(occupy(OTHER_BED))

    def test_who_gave_an_elder_a_bed_stands_in_the_elders_audit(self, eldercare):
        desk(eldercare).OccupyBed(occupy())
        with eldercare.db.read() as conn:
            mine = audit.c.subject == person_id("elder")
            query = select(audit.c.actor, audit.c.basis).where(mine, audit.c.action == "ChangeBed")
            assert [tuple(row) for row in conn.execute(query)] == [
                (person_id("doctor"), "free → occupied")
            ]

    def test_of_two_who_move_one_elder_at_once_one_is_refused(self, eldercare):
        barrier, answers = threading.Barrier(2), []

        def move(name):
            stub = desk(eldercare)
            barrier.wait()
            try:
                answers.append(stub.OccupyBed(occupy(name)).state)
            except grpc.RpcError as error:
                answers.append(error.code().name)

        threads = [threading.Thread(target=move, args=(name,)) for name in (BED, OTHER_BED)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(map(str, answers)) == ["3", "FAILED_PRECONDITION"]


class TestVacateBed:
    def test_the_bed_is_free_and_the_elder_may_move_elsewhere(self, eldercare):
        desk(eldercare).OccupyBed(occupy())
        asked = pb.VacateBedRequest(name=BED, request_id=request_id())
        assert desk(eldercare).VacateBed(asked).state == pb.BED_STATE_FREE
        desk(eldercare).OccupyBed(occupy(OTHER_BED))


class TestCloseBed:
    def test_nobody_is_put_out_by_it(self, eldercare):
        desk(eldercare).OccupyBed(occupy())
        with refused("FAILED_PRECONDITION", "BED_OCCUPIED", "name"):
            desk(eldercare).CloseBed(pb.CloseBedRequest(name=BED, request_id=request_id()))
        closed = pb.CloseBedRequest(name=OTHER_BED, request_id=request_id())
        assert desk(eldercare).CloseBed(closed).state == pb.BED_STATE_CLOSED
        again = pb.CloseBedRequest(name=OTHER_BED, open=True, request_id=request_id())
        assert desk(eldercare).CloseBed(again).state == pb.BED_STATE_FREE


class TestUpdateBed:
    def test_a_new_bed_is_free_and_its_state_is_not_for_writing(self, eldercare):
        new = pb.Bed(
            name=f"{HOME}/beds/301-1",
            room="3 楼 301 室",
            kind=pb.BED_KIND_NURSING,
            state=pb.BED_STATE_OCCUPIED,
            resident=ELDER,
        )
        made = desk(eldercare).UpdateBed(pb.UpdateBedRequest(bed=new, request_id=request_id()))
        assert (made.state, made.resident) == (pb.BED_STATE_FREE, "")
        with refused("ALREADY_EXISTS", "BED_EXISTS", "bed.name"):
            desk(eldercare).UpdateBed(pb.UpdateBedRequest(bed=new, request_id=request_id()))

    def test_of_a_bed_in_which_somebody_lies_it_stands_in_their_audit(self, eldercare):
        lain_in = desk(eldercare).OccupyBed(occupy())
        lain_in.room = "1 楼 102 室"
        asked = pb.UpdateBedRequest(bed=lain_in, request_id=request_id())
        assert desk(eldercare).UpdateBed(asked).resident == ELDER
        assert ("UpdateBed", person_id("doctor")) in touched(eldercare, "elder")


class TestListBeds:
    def test_who_lies_where_is_not_for_others(self, eldercare):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            desk(eldercare, "daughter").ListBeds(pb.ListBedsRequest(parent=HOME))
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            desk(eldercare, "operator").ListBeds(pb.ListBedsRequest(parent=HOME))
