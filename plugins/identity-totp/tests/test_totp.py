import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from hypothesis import given, settings
from hypothesis import strategies as st
from xianban_plugin_identity_totp.plugin import register_second_factor

TOTP_FACTOR = register_second_factor()
NOW = 1_795_000_000.0
# RFC 6238, appendix B, SHA-1: the last six of eight digits.
RFC_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


def remembered(key=RFC_KEY):
    return json.dumps({"key": key, "step": 0, "salt": "", "recovery": []})


def code_at(uri, at):
    key = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    return TOTP(key, 6, SHA1(), 30).generate(at).decode()


@pytest.fixture(scope="module")
def enrolled():
    setup = TOTP_FACTOR.begin("贤办", "139****0001")
    return setup, TOTP_FACTOR.confirm(setup.secret, code_at(setup.uri, NOW), NOW)


@pytest.mark.parametrize(("at", "code"), RFC_VECTORS)
def test_the_codes_are_those_of_the_rfc(at, code):
    assert TOTP_FACTOR.answer(remembered(), code, at)


def test_the_qr_code_and_the_typed_key_are_the_same():
    setup = TOTP_FACTOR.begin("贤办", "139****0001")
    asked = parse_qs(urlsplit(setup.uri).query)
    assert asked["secret"] == [setup.key]
    assert asked["issuer"] == ["贤办"]
    assert len(setup.key) == 32


def test_two_people_have_two_keys():
    assert TOTP_FACTOR.begin("贤办", "a").key != TOTP_FACTOR.begin("贤办", "a").key


def test_it_does_not_count_before_the_app_showed_the_right_code():
    setup = TOTP_FACTOR.begin("贤办", "a")
    assert TOTP_FACTOR.confirm(setup.secret, "abcdef", NOW) is None


def test_a_code_is_good_once(enrolled):
    setup, kept = enrolled
    later = NOW + 60
    used = TOTP_FACTOR.answer(kept.secret, code_at(setup.uri, later), later)
    assert used
    assert TOTP_FACTOR.answer(used, code_at(setup.uri, later), later) is None


def test_the_code_that_confirmed_the_set_up_is_used_up(enrolled):
    setup, kept = enrolled
    assert TOTP_FACTOR.answer(kept.secret, code_at(setup.uri, NOW), NOW) is None


def test_after_a_code_none_from_before_it_is_taken(enrolled):
    setup, kept = enrolled
    later = NOW + 90
    used = TOTP_FACTOR.answer(kept.secret, code_at(setup.uri, later), later)
    assert TOTP_FACTOR.answer(used, code_at(setup.uri, later - 30), later) is None


@pytest.mark.parametrize(("away", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_one_step_of_the_clock_is_forgiven_two_are_not(enrolled, away, taken):
    setup, kept = enrolled
    later = NOW + 300
    answered = TOTP_FACTOR.answer(kept.secret, code_at(setup.uri, later + away), later)
    assert bool(answered) is taken


def test_ten_recovery_codes_are_good_once_each(enrolled):
    _, kept = enrolled
    assert len(set(kept.codes)) == 10
    first = TOTP_FACTOR.answer(kept.secret, kept.codes[0].lower().replace("-", " "), NOW)
    assert TOTP_FACTOR.left(first) == 9
    assert TOTP_FACTOR.answer(first, kept.codes[0], NOW) is None
    assert TOTP_FACTOR.left(TOTP_FACTOR.answer(first, kept.codes[1], NOW)) == 8


def test_no_recovery_code_lies_open_in_what_is_remembered(enrolled):
    _, kept = enrolled
    assert not any(
        code in kept.secret or code.replace("-", "") in kept.secret for code in kept.codes
    )


def test_new_recovery_codes_void_the_old(enrolled):
    _, kept = enrolled
    fresh = TOTP_FACTOR.renew(kept.secret)
    assert TOTP_FACTOR.answer(fresh.secret, kept.codes[0], NOW) is None
    assert TOTP_FACTOR.answer(fresh.secret, fresh.codes[0], NOW)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(typed):
    answered = TOTP_FACTOR.answer(remembered(), typed, NOW)
    assert answered is None or len(typed.strip()) >= 6
