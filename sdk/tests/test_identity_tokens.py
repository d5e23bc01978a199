"""Every forged token of EVIDENCE.md is refused, and good ones are cheap."""

import base64
import hmac
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from xianban_sdk.demo import person_id
from xianban_sdk.errors import Unauthenticated, Unavailable
from xianban_sdk.identity import JwksCache, StaticKeys, TokenVerifier
from xianban_sdk.testing import TestIssuer

AUDIENCE = "parking"


@pytest.fixture
def issuer(clock):
    return TestIssuer(clock)


@pytest.fixture
def verifier(issuer, clock):
    return TokenVerifier(StaticKeys(issuer.jwks), issuer.issuer, AUDIENCE, clock)


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(issuer, alg):
    header = {"alg": alg, "typ": "at+jwt", "kid": "test"}
    return f"{encoded(header)}.{encoded(issuer.claims('resident', AUDIENCE))}."


def with_public_key_as_secret(issuer, clock):
    header = encoded({"alg": "HS256", "typ": "at+jwt", "kid": "test"})
    signed = f"{header}.{encoded(issuer.claims('resident', AUDIENCE))}"
    # By hand: joserfc refuses to make such a token.
    digest = hmac.digest(issuer.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def by_other_key(issuer, clock, **header):
    other = ECKey.generate_key("P-256")
    head = {"alg": "ES256", "typ": "at+jwt", "kid": "test", **header}
    return jwt.encode(head, issuer.claims("resident", AUDIENCE), other)


def with_own_key_inside(issuer, clock):
    other = ECKey.generate_key("P-256")
    head = {"alg": "ES256", "typ": "at+jwt", "kid": "test", "jwk": other.as_dict(private=False)}
    return jwt.encode(head, issuer.claims("resident", AUDIENCE), other)


def tampered(issuer, clock):
    header, _, signature = issuer.token("resident", AUDIENCE).split(".")
    return f"{header}.{encoded(issuer.claims('admin', AUDIENCE))}.{signature}"


def changed(**changes):
    return lambda issuer, clock: issuer.token("resident", AUDIENCE, **changes)


def later(seconds):
    return lambda clock: int((clock.now() + timedelta(seconds=seconds)).timestamp())


def timed(**claims):
    def forge(issuer, clock):
        return issuer.token("resident", AUDIENCE, **{n: at(clock) for n, at in claims.items()})

    return forge


FORGED = {
    "alg none": lambda issuer, clock: unsigned(issuer, "none") + "x",
    "alg nOnE": lambda issuer, clock: unsigned(issuer, "nOnE") + "x",
    "HS256 with the public key": with_public_key_as_secret,
    "expired": timed(iat=later(-400), exp=later(-100)),
    "wrong audience": lambda issuer, clock: issuer.token("resident", "identity"),
    "audience list without us": changed(aud=["identity", "health"]),
    "audience list with others": changed(aud=[AUDIENCE, "health"]),
    "wrong issuer": changed(iss="http://evil.example"),
    "not yet valid": timed(nbf=later(60)),
    "without end": changed(exp=None),
    "end as text": changed(exp="4102444800"),
    "end as truth": changed(exp=True),
    "end as a fraction": changed(exp=4102444800.5),
    "ID token as access token": lambda issuer, clock: issuer.sign(
        issuer.claims("resident", AUDIENCE), typ="JWT"
    ),
    "without type": lambda issuer, clock: issuer.sign(issuer.claims("resident", AUDIENCE), typ=""),
    "other key, same kid": by_other_key,
    "own key in the header": with_own_key_inside,
    "tampered payload": tampered,
    "2 MB": lambda issuer, clock: "a" * 2_000_000,
    "not a JWT": lambda issuer, clock: "not-a-token",
    "empty": lambda issuer, clock: "..",
    "not ASCII": lambda issuer, clock: "令.牌.假",
    "empty signature": lambda issuer, clock: (
        issuer.token("resident", AUDIENCE).rsplit(".", 1)[0] + "."
    ),
    "unknown kid": lambda issuer, clock: issuer.sign(
        issuer.claims("resident", AUDIENCE), kid="other"
    ),
    "without kid": lambda issuer, clock: issuer.sign(issuer.claims("resident", AUDIENCE), kid=""),
    "lives longer than 300 s": timed(exp=later(301)),
    "ends before it begins": timed(iat=later(10), exp=later(5)),
    "issued in the future": timed(iat=later(60), exp=later(120)),
    "without beginning": changed(iat=None),
    "without subject": changed(sub=None),
    "subject of another type": changed(sub=7),
    "subject too long": changed(sub="x" * 129),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_forged_tokens_are_refused(verifier, issuer, clock, forge):
    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(forge(issuer, clock))
    assert caught.value.reason in ("TOKEN_INVALID", "TOKEN_EXPIRED")


def test_a_good_token_names_the_actor(verifier, issuer):
    principal = verifier.verify(issuer.token("resident", AUDIENCE, acr="urn:xianban:acr:2"))
    assert principal.actor == person_id("resident")
    assert (principal.acr, principal.level, principal.session) == (2, 2, "test-session")
    assert principal.workload is None


def test_an_audience_list_of_us_alone_is_us(verifier, issuer):
    assert verifier.verify(issuer.token("resident", AUDIENCE, aud=[AUDIENCE])).client == "test"


def test_a_workload_token_names_the_workload(verifier, issuer):
    principal = verifier.verify(issuer.workload("portal", AUDIENCE))
    assert (principal.workload, principal.is_workload) == ("portal", True)


def test_a_token_ends_also_when_it_was_remembered(verifier, issuer, clock):
    token = issuer.token("resident", AUDIENCE)
    verifier.verify(token)
    clock.advance(timedelta(seconds=299))
    verifier.verify(token)
    clock.advance(timedelta(seconds=7))
    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        verifier.verify(token)


def test_a_remembered_token_is_checked_again_within_60_seconds(issuer, clock):
    keys = {"jwks": issuer.jwks()}
    verifier = TokenVerifier(StaticKeys(lambda: keys["jwks"]), issuer.issuer, AUDIENCE, clock)
    token = issuer.token("resident", AUDIENCE)
    verifier.verify(token)
    keys["jwks"] = {"keys": []}
    verifier.verify(token)
    clock.advance(timedelta(seconds=61))
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


class Identity:
    """Identity's key endpoint, which can be away."""

    def __init__(self, jwks):
        self.jwks = jwks
        self.away = False
        self.asked = 0

    def __call__(self):
        self.asked += 1
        if self.away:
            raise OSError("no route")
        return self.jwks


def test_keys_are_asked_for_only_when_the_first_token_comes(issuer, clock):
    identity = Identity(issuer.jwks())
    cache = JwksCache(identity)
    assert identity.asked == 0
    verifier = TokenVerifier(cache, issuer.issuer, AUDIENCE, clock)
    verifier.verify(issuer.token("resident", AUDIENCE))
    assert identity.asked == 1


def test_invented_kids_do_not_make_us_ask_identity_each_time(issuer):
    identity, now = Identity(issuer.jwks()), [0.0]
    cache = JwksCache(identity, monotonic=lambda: now[0])
    for number in range(50):
        now[0] += 0.01
        assert cache.key(f"invented-{number}") is None
    assert identity.asked == 1
    now[0] += 2
    assert cache.key("invented") is None
    assert identity.asked == 2


def test_a_new_key_is_found_after_a_rotation(issuer):
    identity, now = Identity({"keys": []}), [0.0]
    cache = JwksCache(identity, monotonic=lambda: now[0])
    assert cache.key("test") is None
    identity.jwks = issuer.jwks()
    now[0] += 1.1
    assert cache.key("test") is not None


def test_known_keys_serve_while_identity_is_away_also_after_a_restart(issuer, tmp_path):
    identity, file = Identity(issuer.jwks()), tmp_path / "jwks.json"
    assert JwksCache(identity, file).key("test") is not None
    identity.away = True
    restarted = JwksCache(identity, file)
    assert restarted.key("test") is not None
    with pytest.raises(Unavailable, match="KEYS_UNAVAILABLE"):
        restarted.key("unknown")


def test_without_any_key_nobody_can_tell(issuer):
    identity = Identity(issuer.jwks())
    identity.away = True
    with pytest.raises(Unavailable, match="KEYS_UNAVAILABLE"):
        JwksCache(identity).key("test")


def test_a_broken_key_file_is_as_good_as_none(issuer, tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text('{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "?", "y": "?"}]}')
    assert JwksCache(Identity(issuer.jwks()), file).key("test") is not None
