"""Errors on the wire and back, in the caller's language."""

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xianban_sdk import errors, i18n
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound, Violation


def test_both_locales_have_the_same_keys():
    texts = i18n.catalogue("xianban_sdk")
    assert texts.keys("zh-CN") == texts.keys("en")


def test_a_text_follows_the_callers_language():
    error = NotFound("RESIDENT_NOT_FOUND")
    assert errors.localised(error, "en") == "No such resident."
    assert errors.localised(error, "zh-CN") == "没有找到该居民。"


def test_params_are_filled_in():
    error = FailedPrecondition("CONSENT_REQUIRED", purpose="parking.location")
    assert "parking.location" in errors.localised(error, "en")


def test_a_reason_without_text_is_still_told():
    assert errors.localised(NotFound("LOT_GONE"), "en") == "lot-gone"


def test_an_error_survives_the_wire():
    sent = InvalidArgument(
        "REQUEST_INVALID",
        field="plate",
        violations=(Violation("plate", "string.pattern", "no"), Violation("a.b", "custom", "why")),
        attempt=3,
    )
    got = errors.from_status(errors.to_status(sent, "en"))
    assert type(got) is InvalidArgument
    assert (got.reason, got.field, got.params) == ("REQUEST_INVALID", "plate", {"attempt": "3"})
    assert [v.description for v in got.violations] == ["does not have the right form", "why"]


@pytest.mark.parametrize("kind", errors._BY_CODE.values())
def test_every_kind_comes_back_as_itself(kind):
    assert type(errors.from_status(errors.to_status(kind("X"), "en"))) is kind
    assert isinstance(kind.code, grpc.StatusCode)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.8", "en"),
        ("zh-TW", "zh-CN"),
        ("fr, en;q=0.2, zh;q=0.1", "en"),
        ("fr", "zh-CN"),
        ("*", "zh-CN"),
        ("en;q=0", "zh-CN"),
        (";;;,,q=;", "zh-CN"),
        ("en;q=nan", "en"),
    ],
)
def test_languages_are_negotiated(header, expected):
    assert i18n.negotiate(header) in ({expected} if "nan" not in header else set(i18n.LOCALES))


@settings(max_examples=50)
@given(st.text(max_size=2000))
def test_no_header_breaks_the_negotiation(header):
    assert i18n.negotiate(header) in i18n.LOCALES
