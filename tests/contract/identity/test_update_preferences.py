from xianban.identity.v1 import identity_pb2 as pb


def change(identity, person, whose, request_id, **changes):
    request = pb.UpdatePreferencesRequest(
        name=identity.name(whose), request_id=request_id(), **changes
    )
    return identity.as_(person).UpdatePreferences(request)


class TestUpdatePreferences:
    def test_anonymous_is_refused(self, identity, refused, request_id):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            change(identity, "", "resident", request_id)

    def test_not_even_family_changes_anothers(self, identity, refused, request_id):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            change(identity, "daughter", "elder", request_id, locale="en")

    def test_what_is_not_named_stays(self, identity, request_id):
        changed = change(identity, "elder", "elder", request_id, locale="en")
        assert changed.locale == "en"
        assert changed.profile == pb.PRESENTATION_PROFILE_ELDER

    def test_an_unknown_language_is_refused(self, identity, refused, request_id):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID"):
            change(identity, "elder", "elder", request_id, locale="fr")
