import pytest
from xianban.identity.v1 import identity_pb2 as pb

GUARDIAN, FAMILY, CARER = 1, 2, 3


class TestCreateDelegation:
    def test_anonymous_is_refused(self, identity, refused, request_id):
        request = pb.CreateDelegationRequest(
            parent=identity.name("resident"),
            kind=FAMILY,
            other_phone="13900000008",
            other_name="刘芳",
            scopes=["parking"],
            request_id=request_id(),
        )
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").CreateDelegation(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("carer").CreateDelegation(request)

    def test_another_household_is_asked(self, ask):
        made = ask("resident", "13900000008", "刘芳", kind=CARER)
        assert made.state == pb.DELEGATION_STATE_PENDING
        assert made.requested_by == "subject"

    @pytest.mark.parametrize(
        ("phone", "name"),
        [("13900000008", "刘芳"), ("13900000008", "别人"), ("13812345678", "刘芳")],
        ids=["known", "known by another name", "unknown"],
    )
    @pytest.mark.parametrize("kind", [GUARDIAN, FAMILY, CARER])
    def test_a_strangers_number_answers_the_same_known_or_not(
        self, ask, identity, phone, name, kind
    ):
        made = ask("resident", phone, name, kind=kind)
        expected = (
            pb.DELEGATION_STATE_IN_REVIEW if kind == GUARDIAN else pb.DELEGATION_STATE_PENDING
        )
        assert made.state == expected
        assert made.delegate == ""
        assert made.delegate_display == name
        events = identity.as_("resident").ListDelegationEvents(
            pb.ListDelegationEventsRequest(parent=made.name)
        )
        assert [event.action for event in events.events] == ["requested"]

    def test_a_minors_number_answers_like_any_other(self, ask):
        made = ask("resident", "13900000005", "陈小宇", kind=FAMILY, other_is_delegate=False)
        assert (made.state, made.subject) == (pb.DELEGATION_STATE_PENDING, "")

    def test_family_in_one_household_is_in_force_at_once(self, ask):
        made = ask("elder", "13900000002", "李晓梅", kind=FAMILY, scopes=["health"])
        assert made.state == pb.DELEGATION_STATE_ACTIVE
        assert made.auto_rule == "same-household"

    def test_the_register_proves_a_parent(self, ask, identity, request_id):
        mine = identity.as_("guardian").ListDelegations(
            pb.ListDelegationsRequest(parent=identity.name("guardian"), current=True)
        )
        identity.as_("guardian").RevokeDelegation(
            pb.RevokeDelegationRequest(name=mine.delegations[0].name, request_id=request_id())
        )
        made = ask("guardian", "13900000005", "陈小宇", kind=GUARDIAN, other_is_delegate=False)
        assert made.state == pb.DELEGATION_STATE_ACTIVE
        assert made.auto_rule == "household-register"
        assert made.expire_time.ToJsonString() == "2034-05-19T16:00:00Z"

    def test_nobody_asks_themselves_or_twice(self, ask, refused):
        with refused("INVALID_ARGUMENT", "DELEGATION_TO_SELF"):
            ask("resident", "13900000001", "王建国")
        ask("resident", "13812345678", "刘芳")
        with refused("ALREADY_EXISTS", "DELEGATION_EXISTS"):
            ask("resident", "13812345678", "刘芳")

    def test_a_child_acts_for_nobody(self, ask, refused):
        with refused("FAILED_PRECONDITION", "DELEGATE_IS_MINOR"):
            ask("child", "13900000001", "王建国", other_is_delegate=False)

    def test_ten_requests_may_wait(self, ask, refused):
        for number in range(10):
            ask("resident", f"1381234567{number}", "某人")
        with refused("RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS"):
            ask("resident", "13700000000", "某人")

    def test_the_same_request_id_is_one_delegation(self, ask, refused):
        first = ask("resident", "13812345678", "刘芳", request_id="just-one-1")
        again = ask("resident", "13812345678", "刘芳", request_id="just-one-1")
        assert first == again
        with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
            ask("resident", "13812345679", "刘芳", request_id="just-one-1")
