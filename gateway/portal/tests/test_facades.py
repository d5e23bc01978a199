"""A façade for programs that is an audience of its own: its tokens are exchanged inwards."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from xianban_portal.oidc import GrantEndedError, IdentityAwayError


def token(audience: str, signature: str = "c2ln") -> str:
    body = base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).decode()
    return f"e30.{body.rstrip('=')}.{signature}"


def exchanges(portal: Any) -> list[str]:
    """What was exchanged, in order."""
    kind = "token-exchange"
    return [g["subject_token"] for g in portal.issuer.grants if g["grant_type"].endswith(kind)]


def inward(portal: Any, given: str) -> str:
    """In the portal's own loop, as a request does it."""
    found = portal.client.portal.call(portal.parts.tokens.inward, given, "ngsi-ld", "sensing")
    return str(found)


def test_a_token_is_exchanged_once_for_the_service_that_is_asked(portal: Any) -> None:
    given = token("ngsi-ld")
    assert [inward(portal, given), inward(portal, given)] == ["for-sensing"] * 2
    assert exchanges(portal) == [given]


@pytest.mark.parametrize("given", ["", "x", "a.b.c", "e30.bnVsbA.c", token("sensing")])
def test_a_token_for_anybody_else_is_none_and_nobody_is_asked(portal: Any, given: str) -> None:
    with pytest.raises(GrantEndedError):
        inward(portal, given)
    assert not exchanges(portal)


def test_a_token_that_identity_refuses_is_none(portal: Any) -> None:
    with pytest.raises(GrantEndedError):
        inward(portal, token("ngsi-ld", "refused"))


def test_while_identity_is_away_that_is_what_is_said(portal: Any) -> None:
    portal.issuer.away = True
    with pytest.raises(IdentityAwayError):
        inward(portal, token("ngsi-ld"))
