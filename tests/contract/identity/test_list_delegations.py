from xianban.identity.v1 import identity_pb2 as pb


class TestListDelegations:
    def test_anonymous_and_even_family_are_refused(self, identity, refused):
        request = pb.ListDelegationsRequest(parent=identity.name("elder"))
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListDelegations(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("daughter").ListDelegations(request)

    def test_pages_hold_all_once(self, identity, ask):
        for number in range(5):
            ask("elder", f"1381234567{number}", "某人")
        seen, token = [], ""
        for _ in range(10):
            page = identity.as_("elder").ListDelegations(
                pb.ListDelegationsRequest(
                    parent=identity.name("elder"), page_size=2, page_token=token
                )
            )
            seen += [d.name for d in page.delegations]
            token = page.next_page_token
            if not token:
                break
        assert len(seen) == len(set(seen)) == 7

    def test_a_forged_page_token_is_refused(self, identity, refused):
        with refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
            identity.as_("elder").ListDelegations(
                pb.ListDelegationsRequest(parent=identity.name("elder"), page_token="Zm9yZ2Vk")
            )


class TestGetDelegation:
    def test_anonymous_and_strangers_are_refused(self, identity, refused):
        name = f"{identity.name('resident')}/delegations/01KDVHX800DE00000000000001"
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").GetDelegation(pb.GetDelegationRequest(name=name))
        with refused("NOT_FOUND", "DELEGATION_NOT_FOUND"):
            identity.as_("resident").GetDelegation(pb.GetDelegationRequest(name=name))


class TestListDelegationEvents:
    def test_anonymous_and_strangers_are_refused(self, identity, refused):
        name = f"{identity.name('resident')}/delegations/01KDVHX800DE00000000000001"
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListDelegationEvents(pb.ListDelegationEventsRequest(parent=name))
        with refused("NOT_FOUND", "DELEGATION_NOT_FOUND"):
            identity.as_("resident").ListDelegationEvents(
                pb.ListDelegationEventsRequest(parent=name)
            )


class TestListActingFor:
    def test_anonymous_and_strangers_are_refused(self, identity, refused):
        request = pb.ListActingForRequest(parent=identity.name("daughter"))
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListActingFor(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("elder").ListActingFor(request)

    def test_it_names_whom_one_may_act_for(self, identity):
        found = identity.as_("carer").ListActingFor(
            pb.ListActingForRequest(parent=identity.name("carer"))
        )
        assert [(s.subject_display, list(s.scopes)) for s in found.subjects] == [
            ("张桂芳", ["eldercare"])
        ]
