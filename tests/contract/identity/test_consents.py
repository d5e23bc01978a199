from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from xianban.identity.v1 import identity_pb2 as pb
from xianban_identity.oidc import keys


@pytest.fixture
def decide(identity, request_id):
    def record(actor, whose, purpose="parking.location", revision=1, decision=1, **changes):
        return identity.as_(actor).RecordConsent(
            pb.RecordConsentRequest(
                parent=identity.name(whose),
                purpose=purpose,
                revision=revision,
                decision=decision,
                request_id=request_id(),
                **changes,
            )
        )

    return record


class TestListPurposes:
    def test_anybody_reads_them_in_their_language(self, identity):
        english = identity.as_("").ListPurposes(pb.ListPurposesRequest())
        chinese = identity.as_("", locale="zh-CN").ListPurposes(pb.ListPurposesRequest())
        assert {p.id for p in english.purposes} >= {"parking.location", "health.read"}
        assert english.purposes[0].title != chinese.purposes[0].title


class TestRecordConsent:
    def test_anonymous_and_strangers_are_refused(self, decide, refused):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            decide("", "operator")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            decide("resident", "operator")

    def test_not_even_family_decides_for_an_adult(self, decide, refused):
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            decide("daughter", "elder")

    def test_under_fourteen_only_the_guardian_decides(self, decide, refused):
        with refused("FAILED_PRECONDITION", "GUARDIAN_DECIDES"):
            decide("child", "child", "education.attendance")
        assert decide("guardian", "child", "education.attendance").live

    def test_from_fourteen_only_the_person_decides(self, decide, refused, clock):
        clock.advance(timedelta(days=365 * 4))
        with refused("FAILED_PRECONDITION", "PERSON_DECIDES"):
            decide("guardian", "child", "education.attendance")
        assert decide("child", "child", "education.attendance").live

    def test_a_refusal_is_kept(self, decide):
        refusal = decide("operator", "operator", decision=2)
        assert refusal.decision == pb.CONSENT_DECISION_REFUSED
        assert not refusal.live

    def test_consent_is_to_the_words_in_force(self, decide, refused):
        with refused("FAILED_PRECONDITION", "PURPOSE_REVISED"):
            decide("operator", "operator", revision=2)
        with refused("NOT_FOUND", "PURPOSE_NOT_FOUND"):
            decide("operator", "operator", "no.such.purpose")


class TestListConsents:
    def test_anonymous_strangers_and_family_are_refused(self, identity, refused):
        request = pb.ListConsentsRequest(parent=identity.name("elder"))
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListConsents(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("resident").ListConsents(request)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            identity.as_("daughter").ListConsents(request)

    def test_every_decision_stays_in_the_ledger(self, identity, decide):
        for choice in (1, 2, 1):
            decide("operator", "operator", decision=choice)
        ledger = identity.as_("operator").ListConsents(
            pb.ListConsentsRequest(parent=identity.name("operator"))
        )
        assert [(c.decision, c.live) for c in ledger.consents] == [
            (1, True),
            (2, False),
            (1, False),
        ]

    def test_an_end_ends_it_by_the_clock(self, identity, decide, clock):
        given = decide("operator", "operator", expire_time=clock.now() + timedelta(hours=1))
        assert given.live
        clock.advance(timedelta(hours=1))
        ledger = identity.as_("operator").ListConsents(
            pb.ListConsentsRequest(parent=identity.name("operator"))
        )
        assert not ledger.consents[0].live


class TestWithdrawConsent:
    def test_anonymous_and_strangers_are_refused(self, identity, decide, refused, request_id):
        given = decide("operator", "operator")
        request = pb.WithdrawConsentRequest(name=given.name, request_id=request_id())
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").WithdrawConsent(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("resident").WithdrawConsent(request)

    def test_withdrawn_once_and_kept(self, identity, decide, refused, request_id):
        given = decide("operator", "operator")
        done = identity.as_("operator").WithdrawConsent(
            pb.WithdrawConsentRequest(name=given.name, request_id=request_id())
        )
        assert done.decision == pb.CONSENT_DECISION_WITHDRAWN
        assert done.HasField("withdraw_time")
        with refused("FAILED_PRECONDITION", "CONSENT_NOT_GIVEN"):
            identity.as_("operator").WithdrawConsent(
                pb.WithdrawConsentRequest(name=given.name, request_id=request_id())
            )


class TestGetConsentReceipt:
    def test_anonymous_and_strangers_are_refused(self, identity, decide, refused):
        request = pb.GetConsentReceiptRequest(name=decide("operator", "operator").name)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").GetConsentReceipt(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("resident").GetConsentReceipt(request)

    def test_it_is_verified_with_the_published_keys(self, identity, decide, clock):
        given = decide("operator", "operator")
        receipt = identity.as_("operator").GetConsentReceipt(
            pb.GetConsentReceiptRequest(name=given.name)
        )
        with identity.service.db.read() as conn:
            published = KeySet.import_key_set(keys.jwks(conn, clock.now()))
        verified = jws.deserialize_compact(receipt.jws, published, algorithms=["ES256"])
        assert b"ISO/IEC TS 27560:2023" in verified.payload
        assert b"parking.location@1" in verified.payload
