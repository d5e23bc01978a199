from xianban.common.v1 import audit_pb2
from xianban.identity.v1 import identity_pb2 as pb


class TestListAccesses:
    def test_anonymous_and_family_are_refused(self, identity, refused):
        request = audit_pb2.ListAccessesRequest(parent=identity.name("elder"))
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListAccesses(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("daughter").ListAccesses(request)

    def test_the_mother_sees_that_her_daughter_looked(self, identity):
        identity.as_("daughter").GetPerson(pb.GetPersonRequest(name=identity.name("elder")))
        found = identity.as_("elder").ListAccesses(
            audit_pb2.ListAccessesRequest(parent=identity.name("elder"))
        )
        assert ("GetPerson", "李晓梅", "family", "allowed") in {
            (a.action, a.actor_display, a.basis, a.outcome) for a in found.accesses
        }
