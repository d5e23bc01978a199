"""Answers about referrals."""

from __future__ import annotations

from typing import Any

from eldercare_samples import ELDER, ID, stamp
from visit_samples import STATION
from xianban.eldercare.v1 import referrals_pb2 as pb


def offer(state: Any = pb.REFERRAL_OFFER_STATE_REQUESTED, **more: Any) -> pb.ReferralOffer:
    facts: dict[str, Any] = {
        "name": f"{STATION}/referralOffers/{ID}",
        "organisation_display": "南桥敬老院",
        "resident": ELDER,
        "resident_display": "张桂芳",
        "care_level": 3,
        "origin": pb.CARE_SETTING_HOME,
        "target": pb.CARE_SETTING_INSTITUTION,
        "reason": "行走不稳",
        "want_date": "2026-12-01",
        "referrer_display": "黄丽",
        "create_time": stamp(-60),
        "expire_time": stamp(3000),
        "referral_state": pb.REFERRAL_STATE_REQUESTED,
    }
    return pb.ReferralOffer(state=state, **(facts | more))


def referral(state: Any = pb.REFERRAL_STATE_PROPOSED, **more: Any) -> pb.Referral:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/referrals/{ID}",
        "origin": pb.CARE_SETTING_HOME,
        "target": pb.CARE_SETTING_INSTITUTION,
        "reason": "行走不稳",
        "want_date": "2026-12-01",
        "referrer_display": "黄丽",
        "resident_display": "张桂芳",
        "create_time": stamp(-60),
        "steps": [
            pb.ReferralStep(
                state=pb.REFERRAL_STATE_PROPOSED,
                time=stamp(-60),
                actor_display="黄丽",
                note="行走不稳",
            )
        ],
    }
    return pb.Referral(state=state, **(facts | more))


def referral_replies() -> dict[str, Any]:
    """RPC → answer."""
    every = [referral(state) for state in range(1, 14)]
    listed = pb.ListReferralsResponse(referrals=every, next_page_token="more")
    accepted = {"bed": f"{STATION}/beds/101-1", "referral_state": pb.REFERRAL_STATE_CONFIRMED}
    offers = [
        offer(),
        offer(target=pb.CARE_SETTING_MEDICAL),
        offer(pb.REFERRAL_OFFER_STATE_ACCEPTED, **accepted),
        offer(pb.REFERRAL_OFFER_STATE_ACCEPTED, referral_state=pb.REFERRAL_STATE_ADMITTED),
        offer(pb.REFERRAL_OFFER_STATE_REJECTED, answer_reason="床位已满"),
    ]
    return {
        "ListReferrals": listed,
        "ListSentReferrals": listed,
        "ListReferralOffers": pb.ListReferralOffersResponse(offers=offers),
        **dict.fromkeys(
            (
                "GetReferral",
                "CreateReferral",
                "ConsentToReferral",
                "RefuseReferral",
                "OfferReferral",
                "ConfirmReferral",
                "CancelReferral",
                "ReturnReferral",
            ),
            referral(),
        ),
        **dict.fromkeys(("AcceptReferralOffer", "DeclineReferralOffer", "AdmitReferral"), offer()),
    }
