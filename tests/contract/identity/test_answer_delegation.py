from datetime import timedelta

import pytest
from xianban.identity.v1 import identity_pb2 as pb


@pytest.fixture
def pending(ask):
    """The resident asks the carer."""
    return ask("resident", "13900000008", "刘芳", kind=3)


@pytest.fixture
def seen_by_carer(identity, pending):
    return f"{identity.name('carer')}/delegations/{pending.name.rpartition('/')[2]}"


class TestApproveDelegation:
    def test_anonymous_and_strangers_are_refused(self, identity, pending, refused, request_id):
        request = pb.ApproveDelegationRequest(name=pending.name, request_id=request_id())
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ApproveDelegation(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("teacher").ApproveDelegation(request)
        own = f"{identity.name('teacher')}/delegations/{pending.name.rpartition('/')[2]}"
        with refused("NOT_FOUND", "DELEGATION_NOT_FOUND"):
            identity.as_("teacher").ApproveDelegation(
                pb.ApproveDelegationRequest(name=own, request_id=request_id())
            )

    def test_who_asked_cannot_answer(self, identity, pending, refused, request_id):
        request = pb.ApproveDelegationRequest(name=pending.name, request_id=request_id())
        with refused("FAILED_PRECONDITION", "DELEGATION_WAITS_FOR_OTHER_SIDE"):
            identity.as_("resident").ApproveDelegation(request)

    def test_the_asked_side_brings_it_into_force(self, identity, seen_by_carer, request_id):
        done = identity.as_("carer").ApproveDelegation(
            pb.ApproveDelegationRequest(name=seen_by_carer, request_id=request_id())
        )
        assert done.state == pb.DELEGATION_STATE_ACTIVE
        assert done.subject == identity.service.person("resident")

    def test_a_person_has_five_delegates_at_most(self, identity, ask, refused, request_id):
        people = {
            "daughter": "李晓梅",
            "guardian": "陈志强",
            "doctor": "周敏",
            "teacher": "吴静",
            "dispatcher": "赵勇",
            "operator": "郑凯",
        }
        answers = []
        for alias, name in people.items():
            from xianban_sdk import demo

            made = ask("resident", demo.phone(alias), name)
            own = f"{identity.name(alias)}/delegations/{made.name.rpartition('/')[2]}"
            answers.append((alias, pb.ApproveDelegationRequest(name=own, request_id=request_id())))
        for alias, answer in answers[:5]:
            identity.as_(alias).ApproveDelegation(answer)
        alias, answer = answers[5]
        with refused("RESOURCE_EXHAUSTED", "TOO_MANY_DELEGATES"):
            identity.as_(alias).ApproveDelegation(answer)

    def test_an_unanswered_request_ends_by_the_clock(
        self, identity, seen_by_carer, refused, request_id, clock
    ):
        clock.advance(timedelta(days=30))
        with refused("FAILED_PRECONDITION", "DELEGATION_NOT_PENDING"):
            identity.as_("carer").ApproveDelegation(
                pb.ApproveDelegationRequest(name=seen_by_carer, request_id=request_id())
            )


class TestRejectDelegation:
    def test_anonymous_and_strangers_are_refused(self, identity, pending, refused, request_id):
        request = pb.RejectDelegationRequest(name=pending.name, request_id=request_id())
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").RejectDelegation(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("teacher").RejectDelegation(request)

    def test_the_asked_side_refuses_and_stays_unnamed(
        self, identity, pending, seen_by_carer, request_id
    ):
        identity.as_("carer").RejectDelegation(
            pb.RejectDelegationRequest(name=seen_by_carer, request_id=request_id())
        )
        seen = identity.as_("resident").GetDelegation(pb.GetDelegationRequest(name=pending.name))
        assert seen.state == pb.DELEGATION_STATE_REJECTED
        assert seen.delegate == ""


class TestRevokeDelegation:
    def test_anonymous_and_strangers_are_refused(self, identity, pending, refused, request_id):
        request = pb.RevokeDelegationRequest(name=pending.name, request_id=request_id())
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").RevokeDelegation(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("teacher").RevokeDelegation(request)

    @pytest.mark.parametrize("side", ["daughter", "elder"])
    def test_either_side_ends_it_and_the_next_look_is_a_strangers(
        self, identity, side, refused, request_id
    ):
        listed = identity.as_(side).ListDelegations(
            pb.ListDelegationsRequest(parent=identity.name(side), current=True)
        )
        [family] = [d for d in listed.delegations if d.kind == 2]
        identity.as_(side).RevokeDelegation(
            pb.RevokeDelegationRequest(name=family.name, request_id=request_id())
        )
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("daughter").GetPerson(pb.GetPersonRequest(name=identity.name("elder")))
        history = identity.as_("elder").ListDelegationEvents(
            pb.ListDelegationEventsRequest(
                parent=f"{identity.name('elder')}/delegations/{family.name.rpartition('/')[2]}"
            )
        )
        assert [e.action for e in history.events] == ["requested", "approved", "revoked"]

    def test_a_child_cannot_shed_its_guardian(self, identity, refused, request_id):
        listed = identity.as_("child").ListDelegations(
            pb.ListDelegationsRequest(parent=identity.name("child"))
        )
        with refused("FAILED_PRECONDITION", "GUARDIAN_OF_MINOR_STAYS"):
            identity.as_("child").RevokeDelegation(
                pb.RevokeDelegationRequest(name=listed.delegations[0].name, request_id=request_id())
            )


class TestTheClock:
    def test_guardianship_ends_at_eighteen_whatever_ran(self, identity, refused, clock):
        child = pb.GetPersonRequest(name=identity.name("child"))
        assert identity.as_("guardian").GetPerson(child).display_name == "陈小宇"
        clock.advance(timedelta(days=365 * 8))
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("guardian").GetPerson(child)
