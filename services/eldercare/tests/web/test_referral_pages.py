"""Pages of referrals: who sees and may do what, and what is asked of the service for a deed."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from eldercare_people import CARER, DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import ID
from referral_samples import offer, referral
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban_sdk.testing.pages import away

RESIDENT = f"residents/{ELDER.id}"
NAME = f"{RESIDENT}/referrals/{ID}"
OWN = f"/eldercare/referrals/{ID}"
STAFF = f"/eldercare/elders/{ELDER.id}/referrals"
ONE = f"{STAFF}/{ID}"
HERE = "/eldercare/organisations/nanqiao/referrals"
CONFLICT = grpc.StatusCode.FAILED_PRECONDITION
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        *((ELDER, path) for path in ("/eldercare/referrals", OWN)),
        *((CARER, path) for path in (STAFF, f"{STAFF}/new", ONE)),
        *(
            (MANAGER, path)
            for path in ("/eldercare/sent-referrals", "/eldercare/sent-referrals?all=1", STAFF)
        ),
        *((MANAGER, path) for path in (f"{STAFF}/new", ONE, HERE, f"{HERE}?all=1")),
    ],
)
def test_who_may_see_a_page_sees_it_in_both_languages(
    web: Any, who: Any, path: str, locale: str
) -> None:
    for profile in ("standard", "elder"):
        answer = web.as_(who, locale=locale, profile=profile).get(path)
        assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/eldercare/sent-referrals", STAFF, f"{STAFF}/new", ONE, HERE])
def test_nobody_else_does(web: Any, path: str) -> None:
    assert web.as_(DAUGHTER).get(path).status_code == 403
    assert web.as_(DISPATCHER).get(path).status_code == 403


@pytest.mark.parametrize("state", range(1, 14))
@pytest.mark.parametrize(("who", "path"), [(ELDER, OWN), (MANAGER, ONE)])
def test_every_state_has_its_words(web: Any, who: Any, path: str, state: Any) -> None:
    web.caller.replies["GetReferral"] = referral(state, offers=[offer(one) for one in range(1, 6)])
    for locale in ("zh-CN", "en"):
        assert web.as_(who, locale=locale).get(path).status_code == 200


def test_the_elders_page_says_first_that_a_referral_waits(web: Any) -> None:
    web.caller.replies["ListReferrals"] = pb.ListReferralsResponse(referrals=[referral()])
    assert f'href="{OWN}"' in web.as_(ELDER).get("/eldercare").text
    web.caller.replies["ListReferrals"] = pb.ListReferralsResponse(
        referrals=[referral(pb.REFERRAL_STATE_ADMITTED)]
    )
    assert OWN not in web.get("/eldercare").text
    web.caller.replies["ListReferrals"] = away()
    assert web.get("/eldercare").status_code == 200


def test_the_family_reads_why_and_agrees_with_one_press(web: Any) -> None:
    web.as_(DAUGHTER, acting_for=ELDER)
    page = web.get(OWN).text
    assert "行走不稳" in page
    assert f'action="{OWN}/consent"' in page
    answer = web.post(f"{OWN}/consent")
    assert web.caller.last("ConsentToReferral").name == NAME
    assert "已同意" in web.get(answer.headers["location"]).text


def test_or_does_not(web: Any) -> None:
    web.as_(ELDER).post(f"{OWN}/refuse", {"reason": "想在家里"})
    asked = web.caller.last("RefuseReferral")
    assert (asked.name, asked.reason) == (NAME, "想在家里")
    web.caller.replies["RefuseReferral"] = away(CONFLICT, "REFERRAL_CONSENTED")
    refused = web.post(f"{OWN}/refuse")
    assert refused.status_code == 409
    assert "says why" in refused.text


def test_once_agreed_the_answer_is_not_asked_again_but_may_be_withdrawn(web: Any) -> None:
    web.caller.replies["GetReferral"] = referral(pb.REFERRAL_STATE_CONFIRMED)
    page = web.as_(ELDER).get(OWN).text
    assert "/consent" not in page
    assert f'action="{OWN}/cancel"' in page
    web.caller.replies["GetReferral"] = referral(pb.REFERRAL_STATE_ADMITTED)
    assert f'action="{OWN}/cancel"' not in web.get(OWN).text


def test_a_referral_is_proposed_and_a_refusal_stands_at_its_field(web: Any) -> None:
    form = {"origin": "1", "target": "3", "reason": "肺炎", "want_date": "2026-12-01"}
    answer = web.as_(MANAGER).post(f"{STAFF}/new", form)
    asked = web.caller.last("CreateReferral")
    assert (asked.parent, asked.referral.target) == (RESIDENT, pb.CARE_SETTING_MEDICAL)
    assert answer.headers["location"] == f"{ONE}?done=proposed"
    web.caller.replies["CreateReferral"] = away(
        INVALID, "DAY_PAST", **{"referral.want_date": "已经过去"}
    )
    refused = web.post(f"{STAFF}/new", form)
    assert refused.status_code == 400
    assert 'id="e-want_date"' in refused.text
    assert "肺炎" in refused.text


def test_organisations_with_free_beds_are_offered_first_and_asked_together(web: Any) -> None:
    web.caller.replies["GetReferral"] = referral(pb.REFERRAL_STATE_CONSENTED)
    page = web.as_(MANAGER).get(ONE).text
    assert "空床 3 张" in page
    kinds = {one.kind for name, one in web.caller.asked if name == "ListOrganisations"}
    assert kinds == {
        organisations.ORGANISATION_KIND_INSTITUTION,
        organisations.ORGANISATION_KIND_COMMUNITY_HOME,
    }
    form = {"organisations": ["organisations/a", "organisations/b"], "hours": "24"}
    web.post(f"{ONE}/offer", form)
    asked = web.caller.last("OfferReferral")
    assert list(asked.organisations) == form["organisations"]
    assert asked.hours == 24
    # Posted twice it is one request.
    web.post(f"{ONE}/offer", form)
    assert web.caller.last("OfferReferral") == asked


@pytest.mark.parametrize(
    ("state", "deed", "rpc"),
    [
        (pb.REFERRAL_STATE_ACCEPTED, "confirm", "ConfirmReferral"),
        (pb.REFERRAL_STATE_ADMITTED, "return", "ReturnReferral"),
        (pb.REFERRAL_STATE_REQUESTED, "cancel", "CancelReferral"),
    ],
)
def test_the_managers_deeds(web: Any, state: Any, deed: str, rpc: str) -> None:
    web.caller.replies["GetReferral"] = referral(state)
    assert f'action="{ONE}/{deed}"' in web.as_(MANAGER).get(ONE).text
    assert f'action="{ONE}/{deed}"' not in web.as_(CARER).get(ONE).text
    answer = web.as_(MANAGER).post(f"{ONE}/{deed}", {"reason": "x"})
    assert web.caller.last(rpc).name == NAME
    assert web.get(answer.headers["location"]).status_code == 200


def test_a_hospital_may_keep_a_bed_or_none(web: Any) -> None:
    page = web.as_(MANAGER).get(HERE).text
    institution, hospital = page.split("/accept")[1:3]
    assert "不需要床位（门诊）" not in institution
    assert hospital.index("不需要床位（门诊）") < hospital.index("beds/")


def test_an_organisation_accepts_with_a_bed_that_is_free(web: Any) -> None:
    page = web.as_(MANAGER).get(HERE).text
    assert "行走不稳" in page
    form = {"bed": "organisations/nanqiao/beds/101-1", "hours": "24"}
    answer = web.post(f"{HERE}/{ID}/accept", form)
    asked = web.caller.last("AcceptReferralOffer")
    assert (asked.name, asked.bed) == (
        f"organisations/nanqiao/referralOffers/{ID}",
        "organisations/nanqiao/beds/101-1",
    )
    assert "已接受" in web.get(answer.headers["location"]).text
    web.caller.replies["AcceptReferralOffer"] = away(CONFLICT, "OFFER_WITHDRAWN")
    refused = web.post(f"{HERE}/{ID}/accept", form)
    assert refused.status_code == 409
    assert "says why" in refused.text


def test_without_a_free_bed_it_can_only_decline(web: Any) -> None:
    web.caller.replies["ListBeds"] = organisations.ListBedsResponse()
    web.caller.replies["ListReferralOffers"] = pb.ListReferralOffersResponse(offers=[offer()])
    page = web.as_(MANAGER).get(HERE).text
    assert "没有空床" in page
    assert "/accept" not in page
    web.post(f"{HERE}/{ID}/decline", {"reason": "床位已满"})
    assert web.caller.last("DeclineReferralOffer").reason == "床位已满"


def test_the_arrival_is_entered(web: Any) -> None:
    assert f'action="{HERE}/{ID}/admit"' in web.as_(MANAGER).get(HERE).text
    web.post(f"{HERE}/{ID}/admit")
    assert web.caller.last("AdmitReferral").name == f"organisations/nanqiao/referralOffers/{ID}"


@pytest.mark.parametrize("path", [f"{ONE}/burn", f"{HERE}/{ID}/burn", f"{OWN}/burn"])
def test_an_unknown_deed_is_nothing(web: Any, path: str) -> None:
    assert web.as_(MANAGER).post(path).status_code == 404
