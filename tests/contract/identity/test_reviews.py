import pytest
from xianban.identity.v1 import identity_pb2 as pb

STRONG = {"acr": "urn:xianban:acr:2"}


@pytest.fixture
def waiting(ask):
    """The resident says to be the child's guardian; the register knows nothing of it."""
    return ask("resident", "13900000005", "陈小宇", kind=1, other_is_delegate=False)


def decision(waiting, request_id, approve):
    return pb.DecideReviewRequest(
        delegation=waiting.name.rpartition("/")[2],
        approve=approve,
        reason="看过法院文书",
        request_id=request_id(),
    )


class TestListReviews:
    def test_only_clerks_see_the_queue(self, identity, refused):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListReviews(pb.ListReviewsRequest())
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            identity.as_("auditor").ListReviews(pb.ListReviewsRequest())

    def test_the_queue_names_both_sides(self, identity, waiting):
        [found] = identity.as_("admin").ListReviews(pb.ListReviewsRequest()).delegations
        assert (found.delegate_display, found.subject_display) == ("王建国", "陈小宇")

    def test_requests_to_nobody_are_nobodys_work(self, identity, ask):
        ask("resident", "13812345678", "某人", kind=1, other_is_delegate=False)
        assert not identity.as_("admin").ListReviews(pb.ListReviewsRequest()).delegations


class TestDecideReview:
    def test_anonymous_and_others_are_refused(self, identity, waiting, refused, request_id):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").DecideReview(decision(waiting, request_id, True))
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            identity.as_("auditor", **STRONG).DecideReview(decision(waiting, request_id, True))

    def test_a_weak_log_in_must_step_up(self, identity, waiting, refused, request_id):
        with refused("UNAUTHENTICATED", "STEP_UP_REQUIRED"):
            identity.as_("admin").DecideReview(decision(waiting, request_id, True))

    def test_the_clerk_approves_with_a_reason_both_sides_read(self, identity, waiting, request_id):
        done = identity.as_("admin", **STRONG).DecideReview(decision(waiting, request_id, True))
        assert done.state == pb.DELEGATION_STATE_ACTIVE
        history = identity.as_("resident").ListDelegationEvents(
            pb.ListDelegationEventsRequest(parent=waiting.name)
        )
        assert history.events[-1].reason == "看过法院文书"
        assert history.events[-1].actor_display == "许宁"

    def test_the_clerk_refuses(self, identity, waiting, request_id):
        done = identity.as_("admin", **STRONG).DecideReview(decision(waiting, request_id, False))
        assert done.state == pb.DELEGATION_STATE_REJECTED

    def test_nobody_decides_on_their_own_case(self, identity, ask, refused, request_id):
        own = ask("admin", "13900000005", "陈小宇", kind=1, other_is_delegate=False)
        with refused("FAILED_PRECONDITION", "CLERK_IS_PARTY"):
            identity.as_("admin", **STRONG).DecideReview(decision(own, request_id, True))
