import time

import pytest
from xianban.identity.v1 import identity_pb2 as pb
from xianban_identity.demo import issue_token


@pytest.fixture
def session(identity):
    """The operator has a token, and so a session."""
    # The HTTP side opens a moment after the gRPC side says that it serves.
    for _ in range(200):
        if identity.service.settings.socket("identity", "http").exists():
            break
        time.sleep(0.05)
    issue_token(identity.service.settings, "operator", "identity")
    listed = identity.as_("operator").ListSessions(
        pb.ListSessionsRequest(parent=identity.name("operator"))
    )
    return listed.sessions[0]


class TestListSessions:
    def test_anonymous_and_strangers_are_refused(self, identity, refused):
        request = pb.ListSessionsRequest(parent=identity.name("elder"))
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").ListSessions(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("daughter").ListSessions(request)

    def test_a_log_in_is_listed_with_its_client(self, session):
        assert session.client == "xianban-token"

    def test_a_log_in_says_how_it_was_opened(self, session):
        assert list(session.authentication_methods) == ["otp"]


class TestEndSession:
    def test_anonymous_and_strangers_are_refused(self, identity, session, refused, request_id):
        request = pb.EndSessionRequest(name=session.name, request_id=request_id())
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.as_("").EndSession(request)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            identity.as_("resident").EndSession(request)
        stolen = session.name.replace(
            identity.service.person("operator"), identity.service.person("resident")
        )
        with refused("NOT_FOUND", "SESSION_NOT_FOUND"):
            identity.as_("resident").EndSession(
                pb.EndSessionRequest(name=stolen, request_id=request_id())
            )

    def test_an_ended_log_in_is_gone(self, identity, session, request_id):
        identity.as_("operator").EndSession(
            pb.EndSessionRequest(name=session.name, request_id=request_id())
        )
        listed = identity.as_("operator").ListSessions(
            pb.ListSessionsRequest(parent=identity.name("operator"))
        )
        assert not listed.sessions
