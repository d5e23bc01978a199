"""Referrals: who proposes, agrees, asks and takes, and that no bed is kept for nobody."""

from __future__ import annotations

import threading
from datetime import timedelta

import grpc
import pytest
from eldercare_names import ELDER, HERE
from referral_story import ABROAD, BED, HOME, HOME_BED, HOSPITAL, HOST, OTHER_BED, District, named
from refusals import refused
from xianban.common.v1 import messages_pb2
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referral_events_pb2
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban_sdk.demo import person_id

STRANGERS = ("vendor", "teacher")


@pytest.fixture
def district(eldercare):
    """With a carer by role who is sent to nobody."""
    eldercare.world.member("teacher", "carer", [HERE])
    return District(eldercare)


def license_of(district, days):
    """The small home's runs for so many days."""
    stub = district.beds(HOST)
    found = stub.GetOrganisation(organisations.GetOrganisationRequest(name=ABROAD))
    found.licence_expire_date = district.day(days)
    asked = organisations.UpdateOrganisationRequest(
        organisation=found, request_id=f"licence-{days:08d}"
    )
    stub.UpdateOrganisation(asked)


def messages(district):
    found = district.told("eldercare.v1.message_requested")
    return [messages_pb2.MessageRequested.FromString(one) for one in found]


def told(district, occasion):
    """Who heard of it."""
    template = f"eldercare-referral-{occasion}"
    return {one.recipient for one in messages(district) if one.template == template}


def people(*names):
    return {person_id(one) for one in names}


class TestCreateReferral:
    def test_not_without_a_token(self, district):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.propose("")

    def test_neither_the_elder_nor_the_family_nor_a_stranger_nor_a_carer_who_is_not_sent(
        self, district
    ):
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            district.propose("elder")
        for person in ("daughter", *STRANGERS):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
                district.propose(person)
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            district.propose(HOST)

    def test_a_carer_who_is_sent_there_may_and_sees_their_own(self, district):
        district.eldercare.world.member("carer", "carer", [HERE])
        district.eldercare.world.revoke("carer", "elder")  # only the visits are left
        other = district.propose()
        with refused("NOT_FOUND", "REFERRAL_NOT_FOUND", "name"):
            district.get(other, "carer")
        district.cancel(other)
        made = district.propose("carer")
        assert made.state == pb.REFERRAL_STATE_PROPOSED
        assert district.get(made, "carer").name == made.name
        listed = district.as_("carer").ListReferrals(pb.ListReferralsRequest(parent=ELDER))
        assert [one.name for one in listed.referrals] == [made.name]

    def test_the_elders_side_is_asked(self, district):
        made = district.propose()
        assert (made.area, made.resident_display) == (HERE, "张桂芳")
        assert [step.note for step in made.steps] == ["出院后需要康复照护"]
        assert told(district, "proposed") >= people("elder", "daughter")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"origin": 0}, "referral.origin"),
            ({"target": 9}, "referral.target"),
            ({"reason": ""}, "referral.reason"),
            ({"want_date": "soon"}, "referral.want_date"),
        ],
    )
    def test_what_is_malformed_is_named(self, district, changes, field):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", field):
            district.propose(**changes)

    def test_so_is_what_cannot_be(self, district):
        with refused("INVALID_ARGUMENT", "REFERRAL_NOWHERE", "referral.target"):
            district.propose(target=pb.CARE_SETTING_HOME)
        with refused("INVALID_ARGUMENT", "DAY_PAST", "referral.want_date"):
            district.propose(want_date=district.day(-1))
        with refused("INVALID_ARGUMENT", "DAY_UNKNOWN", "referral.want_date"):
            district.propose(want_date="2026-02-30")

    def test_an_elder_has_one_under_way(self, district):
        first = district.propose()
        with refused("FAILED_PRECONDITION", "REFERRAL_UNDER_WAY", "parent"):
            district.propose()
        district.cancel(first)
        assert district.propose().name != first.name

    def test_the_same_request_again_is_one_referral(self, district):
        asked = district.wanted()
        stub = district.as_("doctor")
        assert stub.CreateReferral(asked) == stub.CreateReferral(asked)

    def test_not_into_a_second_bed(self, district):
        occupied = organisations.OccupyBedRequest(
            name=HOME_BED, resident=ELDER, request_id="bed-000001"
        )
        district.beds("doctor").OccupyBed(occupied)
        with refused("FAILED_PRECONDITION", "RESIDENT_HAS_A_BED", "parent"):
            district.propose()


class TestConsentToReferral:
    def test_only_the_elder_and_the_family(self, district):
        made = district.propose()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.consent(made, "")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            district.consent(made, "carer")
        for person in ("doctor", HOST, *STRANGERS):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
                district.consent(made, person)

    @pytest.mark.parametrize(("person", "name"), [("elder", "张桂芳"), ("daughter", "李晓梅")])
    def test_who_agreed_is_written_down_and_the_referrer_hears_it(self, district, person, name):
        agreed = district.consent(district.propose(), person)
        assert (agreed.state, agreed.consent_display) == (pb.REFERRAL_STATE_CONSENTED, name)
        assert agreed.HasField("consent_time")
        assert told(district, "consented") == people("doctor")

    def test_once(self, district):
        made = district.propose()
        district.consent(made)
        with refused("FAILED_PRECONDITION", "REFERRAL_CONSENTED", "name"):
            district.consent(made)

    def test_nobody_is_asked_before(self, district):
        with refused("FAILED_PRECONDITION", "REFERRAL_PROPOSED", "name"):
            district.offer(district.propose())


class TestRefuseReferral:
    def test_only_the_elder_and_the_family(self, district):
        made = district.propose()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.refuse(made, "")
        for person in ("doctor", HOST, *STRANGERS):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
                district.refuse(made, person)

    def test_it_is_over_and_says_why(self, district):
        made = district.refuse(district.propose())
        assert made.state == pb.REFERRAL_STATE_REFUSED
        assert made.steps[-1].note == "想在家里"
        with refused("FAILED_PRECONDITION", "REFERRAL_REFUSED", "name"):
            district.consent(made)
        assert not made.HasField("expire_time")


class TestOfferReferral:
    def test_only_by_the_area_that_refers(self, district):
        made = district.propose()
        district.consent(made)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.offer(made, person="")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            district.offer(made, person="elder")
        for person in ("daughter", *STRANGERS):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
                district.offer(made, person=person)
        with refused("NOT_FOUND", "REFERRAL_NOT_FOUND", "name"):
            district.offer(made, person=HOST)

    def test_several_at_once_each_hears_and_sees_no_more_than_it_needs(self, district):
        made = district.offered()
        assert [one.state for one in made.offers] == [pb.REFERRAL_OFFER_STATE_REQUESTED] * 2
        assert told(district, "asked") == people("doctor", HOST)
        [seen] = district.offers()
        assert (seen.resident_display, seen.care_level, seen.reason) == (
            "张桂芳",
            made.offers[0].care_level,
            "出院后需要康复照护",
        )
        assert seen.care_level
        assert "示例路".encode() not in seen.SerializeToString()

    def test_what_cannot_be_asked_is_named(self, district):
        made = district.propose()
        district.consent(made)
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "organisations[1]"):
            district.offer(made, HOME, "organisations/nowhere")
        with refused("INVALID_ARGUMENT", "ORGANISATION_OTHER_KIND", "organisations[0]"):
            district.offer(made, HOSPITAL)
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "hours"):
            district.offer(made, HOME, hours=24 * 31)
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "organisations"):
            district.offer(made, HOME, HOME)
        district.offer(made, HOME)
        with refused("INVALID_ARGUMENT", "ORGANISATION_ASKED", "organisations"):
            district.offer(made, HOME)
        assert len(district.offer(made, ABROAD).offers) == 2

    def test_who_does_not_answer_in_time_is_asked_no_longer(self, district):
        made = district.propose()
        district.consent(made)
        district.offer(made, hours=5)
        district.later(hours=6)
        found = district.get(made)
        assert found.state == pb.REFERRAL_STATE_CONSENTED
        assert {one.state for one in found.offers} == {pb.REFERRAL_OFFER_STATE_LAPSED}
        assert told(district, "open-again") == people("doctor")
        with refused("FAILED_PRECONDITION", "OFFER_LAPSED", "name"):
            district.accept(made)
        # Asked again, it begins anew.
        district.offer(made, ABROAD)
        assert district.accept(made).state == pb.REFERRAL_OFFER_STATE_ACCEPTED

    def test_nobody_goes_on_with_it_for_a_month(self, district):
        made = district.propose()
        district.consent(made)
        district.later(days=31)
        assert district.get(made).state == pb.REFERRAL_STATE_EXPIRED


class TestAcceptReferralOffer:
    def test_only_by_the_organisations_area(self, district):
        made = district.offered()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.accept(made, person="")
        for person in ("elder", "daughter", *STRANGERS):
            with refused("PERMISSION_DENIED", "ROLE_MISSING"):
                district.accept(made, person=person)
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "name"):
            district.accept(made, person="doctor")

    def test_the_first_one_wins_and_its_bed_is_kept(self, district):
        made = district.offered()
        offer = district.accept(made, hours=48)
        assert (offer.state, offer.bed) == (pb.REFERRAL_OFFER_STATE_ACCEPTED, BED)
        bed = district.bed()
        assert (bed.state, bed.resident) == (organisations.BED_STATE_HELD, ELDER)
        assert bed.hold_expire_time == offer.expire_time
        with refused("FAILED_PRECONDITION", "OFFER_WITHDRAWN", "name"):
            district.accept(made, HOME_BED, "doctor")
        assert district.bed(HOME_BED, "doctor").state == organisations.BED_STATE_FREE
        assert told(district, "withdrawn") == people("doctor")
        assert told(district, "accepted") == people("doctor")

    def test_of_many_who_accept_at_the_same_instant_exactly_one_keeps_a_bed(self, district):
        made = district.offered()
        asked = [(HOME_BED, "doctor"), (BED, HOST)] * 3
        barrier, won = threading.Barrier(len(asked)), []

        def answer(bed, person):
            barrier.wait()
            try:
                won.append(district.accept(made, bed, person).bed)
            except grpc.RpcError:
                return

        threads = [threading.Thread(target=answer, args=one) for one in asked]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        beds = {HOME_BED: district.bed(HOME_BED, "doctor"), BED: district.bed()}
        held = [name for name, one in beds.items() if one.state == organisations.BED_STATE_HELD]
        assert len(set(won)) == 1
        assert held == [won[0]]

    def test_what_cannot_be_is_named_and_keeps_no_bed(self, district):
        made = district.offered()
        with refused("INVALID_ARGUMENT", "REFERRAL_BED_NEEDED", "bed"):
            district.as_(HOST).AcceptReferralOffer(district.accepting(made, "", to=ABROAD))
        with refused("NOT_FOUND", "BED_NOT_FOUND", "bed"):
            district.as_(HOST).AcceptReferralOffer(district.accepting(made, HOME_BED, to=ABROAD))
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "hours"):
            district.accept(made, hours=24 * 31)
        with refused("NOT_FOUND", "REFERRAL_NOT_FOUND", "name"):
            district.as_(HOST).AcceptReferralOffer(district.accepting(made, "", to=HOSPITAL))
        district.beds(HOST).CloseBed(
            organisations.CloseBedRequest(name=BED, request_id="close-0001")
        )
        with refused("FAILED_PRECONDITION", "BED_CLOSED"):
            district.accept(made)
        assert district.get(made).state == pb.REFERRAL_STATE_REQUESTED
        assert district.accept(made, OTHER_BED).bed == OTHER_BED

    def test_a_hospital_needs_no_bed(self, district):
        made = district.propose(target=pb.CARE_SETTING_MEDICAL)
        district.consent(made)
        district.offer(made, HOSPITAL)
        asked = district.accepting(made, "", to=HOSPITAL)
        assert district.as_(HOST).AcceptReferralOffer(asked).bed == ""

    def test_the_same_request_again_is_the_same(self, district):
        made = district.offered()
        asked = district.accepting(made)
        stub = district.as_(HOST)
        assert stub.AcceptReferralOffer(asked) == stub.AcceptReferralOffer(asked)


class TestDeclineReferralOffer:
    def test_only_by_the_organisations_area(self, district):
        made = district.offered()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.decline(made, person="")
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            district.decline(made, person="daughter")
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "name"):
            district.decline(made, person="doctor")

    def test_when_all_have_the_referrer_may_ask_others(self, district):
        made = district.offered()
        said = district.decline(made)
        assert (said.state, said.answer_reason) == (pb.REFERRAL_OFFER_STATE_REJECTED, "床位已满")
        assert district.get(made).state == pb.REFERRAL_STATE_REQUESTED
        district.decline(made, HOME, "doctor")
        assert district.get(made).state == pb.REFERRAL_STATE_CONSENTED
        assert told(district, "open-again") == people("doctor")


class TestConfirmReferral:
    def test_only_by_the_area_that_refers(self, district):
        made = district.offered()
        district.accept(made)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.confirm(made, "")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            district.confirm(made, "elder")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
            district.confirm(made, "daughter")
        with refused("NOT_FOUND", "REFERRAL_NOT_FOUND", "name"):
            district.confirm(made, HOST)

    def test_the_elders_side_and_the_organisation_hear_it(self, district):
        made = district.confirmed()
        assert (made.state, made.organisation) == (pb.REFERRAL_STATE_CONFIRMED, ABROAD)
        assert told(district, "confirmed") >= people("elder", "daughter")
        assert told(district, "expected") == people(HOST)

    def test_not_before_somebody_accepted(self, district):
        with refused("FAILED_PRECONDITION", "REFERRAL_REQUESTED", "name"):
            district.confirm(district.offered())


class TestTheBedThatIsKept:
    @pytest.mark.parametrize("confirmed", [False, True])
    def test_is_free_again_when_the_elder_does_not_come(self, district, confirmed):
        made = district.offered()
        district.accept(made, hours=10)
        if confirmed:
            district.confirm(made)
        district.later(hours=11)
        district.hear_of_beds()
        found = district.get(made)
        assert district.bed().state == organisations.BED_STATE_FREE
        assert found.state == pb.REFERRAL_STATE_CONSENTED
        assert not found.organisation
        lapsed = {one.name: one.state for one in found.offers}[named(made, ABROAD)]
        assert lapsed == pb.REFERRAL_OFFER_STATE_LAPSED
        assert told(district, "lapsed") == people(HOST)
        # Nothing happens twice: one step in the history.
        states = [step.state for step in found.steps]
        assert states.count(pb.REFERRAL_STATE_CONSENTED) == 2

    def test_released_by_somebody_it_is_not_waited_for(self, district):
        made = district.confirmed()
        released = organisations.ReleaseBedRequest(name=BED, request_id="release-01")
        district.beds(HOST).ReleaseBed(released)
        district.hear_of_beds()
        assert district.get(made).state == pb.REFERRAL_STATE_CONSENTED
        with refused("FAILED_PRECONDITION", "OFFER_LAPSED", "name"):
            district.admit(made)


class TestCancelReferral:
    def test_not_without_a_token_nor_by_a_stranger_nor_from_elsewhere(self, district):
        made = district.propose()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.cancel(made, "")
        for person in STRANGERS:
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
                district.cancel(made, person)
        with refused("NOT_FOUND", "REFERRAL_NOT_FOUND", "name"):
            district.cancel(made, HOST)

    @pytest.mark.parametrize("person", ["elder", "daughter", "doctor"])
    def test_either_side_may_and_the_bed_is_given_back(self, district, person):
        made = district.confirmed()
        over = district.cancel(made, person)
        assert over.state == pb.REFERRAL_STATE_CANCELLED
        assert {one.state for one in over.offers} == {pb.REFERRAL_OFFER_STATE_WITHDRAWN}
        assert district.bed().state == organisations.BED_STATE_FREE
        assert HOST_ID in told(district, "withdrawn")
        with refused("FAILED_PRECONDITION", "OFFER_WITHDRAWN", "name"):
            district.admit(made)

    def test_nobody_is_asked_any_more(self, district):
        made = district.offered()
        district.cancel(made)
        assert not district.offers()
        [seen] = district.offers(all=True)
        # What it needed to know to decide, it does not need any more.
        assert (seen.reason, seen.care_level) == ("", 0)

    def test_what_is_over_is_not_called_off(self, district):
        made = district.cancel(district.propose())
        with refused("FAILED_PRECONDITION", "REFERRAL_CANCELLED", "name"):
            district.cancel(made)


HOST_ID = person_id(HOST)


class TestListReferrals:
    def test_not_without_a_token_nor_for_strangers(self, district):
        asked = pb.ListReferralsRequest(parent=ELDER)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.as_("").ListReferrals(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            district.as_("vendor").ListReferrals(asked)
        district.propose()
        for person in (HOST, "teacher"):
            assert not district.as_(person).ListReferrals(asked).referrals

    def test_newest_first_page_by_page(self, district):
        names = []
        for _ in range(3):
            made = district.propose()
            district.cancel(made)
            names.append(made.name)
        found, token = [], None
        while token != "":
            asked = pb.ListReferralsRequest(parent=ELDER, page_size=1, page_token=token or "")
            page = district.as_("daughter").ListReferrals(asked)
            found += [one.name for one in page.referrals]
            token = page.next_page_token
        assert found[:3] == names[::-1]


class TestListSentReferrals:
    def test_only_by_managers_and_only_from_their_areas(self, district):
        made = district.propose()
        asked = pb.ListSentReferralsRequest()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.as_("").ListSentReferrals(asked)
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            district.as_("daughter").ListSentReferrals(asked)
        assert not district.as_(HOST).ListSentReferrals(asked).referrals
        [found] = district.as_("doctor").ListSentReferrals(asked).referrals
        assert found.name == made.name
        district.cancel(made)
        assert not district.as_("doctor").ListSentReferrals(asked).referrals
        every = district.as_("doctor").ListSentReferrals(pb.ListSentReferralsRequest(all=True))
        assert made.name in {one.name for one in every.referrals}


class TestGetReferral:
    def test_not_for_strangers_nor_an_organisation_that_is_only_asked(self, district):
        made = district.offered()
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.get(made, "")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
            district.get(made, "vendor")
        for person in (HOST, "teacher"):
            with refused("NOT_FOUND", "REFERRAL_NOT_FOUND", "name"):
                district.get(made, person)


class TestListReferralOffers:
    def test_only_by_the_organisations_area(self, district):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            district.offers(person="")
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            district.offers(person="daughter")
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            district.offers(person="doctor")

    def test_not_once_its_licence_is_over(self, district):
        made = district.offered()
        assert [one.name for one in district.offers()] != []
        license_of(district, -1)
        with refused("FAILED_PRECONDITION", "ORGANISATION_LICENCE_OVER", "parent"):
            district.offers()
        with refused("FAILED_PRECONDITION", "ORGANISATION_LICENCE_OVER", "name"):
            district.accept(made)
        license_of(district, 0)
        assert [one.name for one in district.offers()] != []

    def test_nobody_asks_one_whose_licence_is_over(self, district):
        made = district.propose()
        district.consent(made)
        license_of(district, -1)
        with refused("FAILED_PRECONDITION", "ORGANISATION_LICENCE_OVER", "organisations[0]"):
            district.offer(made, ABROAD)


class TestWhatOthersHear:
    def test_each_step_is_an_event_in_order(self, district):
        made = district.confirmed()
        found = [
            referral_events_pb2.ReferralChanged.FromString(one)
            for one in district.told("eldercare.v1.referral_changed")
        ]
        mine = [(one.before, one.state) for one in found if one.referral == made.name]
        assert mine == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
        assert found[-1].organisation == ABROAD
        assert found[-1].time.ToDatetime() - made.create_time.ToDatetime() < timedelta(minutes=1)
