from xianban.identity.v1 import identity_pb2 as pb

ERASED = "01KDVHX800ERASED0000000000"


class TestAPersonWhoIsNoMore:
    def test_a_token_that_outlived_its_person_finds_nobody(self, identity, refused):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_(ERASED).GetPerson(pb.GetPersonRequest(name=f"residents/{ERASED}"))
