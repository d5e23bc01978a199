from xianban.identity.v1 import identity_pb2 as pb


class TestGetPerson:
    def test_anonymous_is_refused(self, identity, refused):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").GetPerson(pb.GetPersonRequest(name=identity.name("resident")))

    def test_a_stranger_hears_the_same_as_of_nobody(self, identity, refused):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("resident").GetPerson(pb.GetPersonRequest(name=identity.name("elder")))
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            nobody = f"residents/{'0' * 26}"
            identity.as_("resident").GetPerson(pb.GetPersonRequest(name=nobody))

    def test_a_carer_for_one_domain_does_not_see_the_person(self, identity, refused):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("carer").GetPerson(pb.GetPersonRequest(name=identity.name("elder")))

    def test_a_person_sees_themselves_with_a_masked_phone(self, identity):
        me = identity.as_("operator").GetPerson(pb.GetPersonRequest(name=identity.name("operator")))
        assert me.display_name == "郑凯"
        assert me.phone_masked == "139****0011"
        assert me.memberships[0].role == "parking-operator"
        assert "310120/fengpu" in me.memberships[0].areas

    def test_a_daughter_with_leave_for_everything_sees_her_mother(self, identity):
        mother = identity.as_("daughter").GetPerson(
            pb.GetPersonRequest(name=identity.name("elder"))
        )
        assert mother.display_name == "张桂芳"
