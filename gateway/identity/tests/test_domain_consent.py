"""The consent ledger's rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_identity.domain.ages import birthday_instant
from xianban_identity.domain.consent import Consent, Decision, Purpose, check_decider, receipt
from xianban_identity.domain.errors import Invalid, NotAllowed
from xianban_identity.domain.people import Person, clean_name, mask_phone, same_name

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
GIVEN = Consent("K", "C", "parking.location", 1, Decision.GIVEN, NOW, "C")


@given(
    st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.sampled_from(["self", "guardian", "family"])
)
def test_who_decides_follows_from_the_age(birth, basis):
    person = Person("C", "13900000002", "子", birth)
    fourteen, adult = birthday_instant(birth, 14), birthday_instant(birth, 18)
    if fourteen > NOW:
        allowed = basis == "guardian"
    elif adult > NOW:
        allowed = basis == "self"
    else:
        allowed = basis in ("self", "guardian")
    if allowed:
        check_decider(person, basis, NOW)
    else:
        with pytest.raises(NotAllowed):
            check_decider(person, basis, NOW)


@given(st.integers(-1000, 1000))
def test_consent_lives_until_its_end_and_not_at_it(seconds):
    consent = replace(GIVEN, expires_at=NOW + timedelta(seconds=1000))
    at = NOW + timedelta(seconds=seconds)
    assert consent.is_live(1, at) == (seconds < 1000)


def test_consent_is_to_one_wording_and_to_the_last_decision():
    assert GIVEN.is_live(1, NOW)
    assert not GIVEN.is_live(2, NOW)
    assert not GIVEN.supersede(NOW).is_live(1, NOW)
    assert not GIVEN.withdraw(NOW).is_live(1, NOW)
    with pytest.raises(NotAllowed):
        GIVEN.withdraw(NOW).withdraw(NOW)
    with pytest.raises(NotAllowed):
        replace(GIVEN, decision=Decision.REFUSED).withdraw(NOW)


def test_the_receipt_carries_the_fields_of_ts_27560():
    facts = receipt(
        GIVEN, Purpose("parking.location", 1, "停车"), "用我的位置", "https://x.example"
    )
    assert {"schema_version", "record_id", "pii_principal_id", "pii_processing"} <= facts.keys()
    assert facts["party_identification"][0]["party_name"] == "停车"
    assert facts["event"][0]["event_state"] == "given"


@given(st.text(min_size=1, max_size=60))
def test_cleaning_a_name_twice_changes_nothing(raw):
    try:
        name = clean_name(raw)
    except Invalid:
        return
    assert clean_name(name) == name


def test_names_agree_whatever_width_case_and_dots():
    assert same_name("阿不都·热合曼", "阿不都热合曼")
    assert same_name("Ｌi Ming", "LIMING")
    assert not same_name("", "")
    assert not same_name("李明", "李鸣")


def test_a_phone_is_masked():
    assert mask_phone("13900000001") == "139****0001"
