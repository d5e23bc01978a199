"""Quiet hours in Shanghai, choices and copies, against the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_notify.domain import Copies, Preferences
from xianban_notify.domain.address import AddressRefusedError, cleaned, hint, push_subscription
from xianban_notify.domain.preferences import minutes_of, written

SHANGHAI = ZoneInfo("Asia/Shanghai")
WISHES = Preferences(person="p")
MINUTES = st.integers(0, 24 * 60 - 1)
INSTANTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-23 21:59:59", None),
        ("2026-11-23 22:00", "2026-11-24 07:00"),
        ("2026-11-23 23:59", "2026-11-24 07:00"),
        ("2026-11-24 00:00", "2026-11-24 07:00"),
        ("2026-11-24 06:59:59", "2026-11-24 07:00"),
        ("2026-11-24 07:00", None),
        # New Year's Eve, and the night on which other countries change their clocks.
        ("2026-12-31 23:30", "2027-01-01 07:00"),
        ("2026-03-29 01:30", "2026-03-29 07:00"),
    ],
)
def test_the_night_ends_at_seven_in_shanghai(now, end):
    assert WISHES.silent_until(shanghai(now)) == (shanghai(end) if end else None)


@given(INSTANTS, MINUTES, MINUTES)
def test_silence_holds_exactly_while_the_clock_on_the_wall_is_inside(now, start, until):
    wishes = Preferences(person="p", quiet_from=start, quiet_until=until)
    local = now.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    # Oracle: walk the minutes of the day from the start to the end.
    inside = minute in {(start + step) % 1440 for step in range((until - start) % 1440)}
    end = wishes.silent_until(now)
    assert (end is not None) == inside
    if end is not None:
        assert timedelta(0) < end - now <= timedelta(days=1)
        assert written(minutes_of(end.astimezone(SHANGHAI).strftime("%H:%M"))) == written(until)
        assert wishes.silent_until(end) is None


def test_without_quiet_hours_nothing_waits():
    assert Preferences(person="p", quiet=False).silent_until(shanghai("2026-11-23 23:00")) is None


def test_a_choice_wins_over_the_channels_own_way():
    asked = {"domain": "parking", "urgent": False}
    assert WISHES.wants("email", **asked, urgent_only=False)
    assert not WISHES.wants("sms", **asked, urgent_only=True)
    chosen = Preferences(
        person="p", choices={("parking", "sms"): True, ("parking", "email"): False}
    )
    assert chosen.wants("sms", **asked, urgent_only=True)
    assert not chosen.wants("email", **asked, urgent_only=False)
    # What is urgent is a category of its own.
    assert chosen.wants("email", domain="parking", urgent=True, urgent_only=False)
    off = Preferences(person="p", choices={("urgent", "email"): False})
    assert not off.wants("email", domain="eldercare", urgent=True, urgent_only=False)


@pytest.mark.parametrize(
    ("copies", "urgent", "to_delegates", "wanted"),
    [
        (Copies.NONE, False, False, False),
        (Copies.NONE, True, False, False),
        (Copies.NONE, True, True, True),
        (Copies.NONE, False, True, False),
        (Copies.URGENT, False, False, False),
        (Copies.URGENT, True, False, True),
        (Copies.ALL, False, False, True),
    ],
)
def test_copies_go_out_when_the_person_or_for_urgent_ones_the_domain_wants(
    copies, urgent, to_delegates, wanted
):
    wishes = Preferences(person="p", copies=copies)
    assert wishes.wants_copies(urgent=urgent, to_delegates=to_delegates) is wanted


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("email", " Wang.Nai@Example.ORG ", "Wang.Nai@example.org"),
        ("phone", "+86 139 0000 0003", "13900000003"),
        ("wecom", "zhang.san", "zhang.san"),
    ],
)
def test_an_address_has_one_spelling(kind, text, kept):
    assert cleaned(kind, text) == kept


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a..b@example.org"),
        ("email", "a@-example.org"),
        ("email", "a@example.org\r\nBcc: x@y.z"),
        ("email", "王@example.org"),
        ("phone", "12345"),
        ("phone", "2390000000３"),
        ("wecom", "a b"),
        ("wecom", "all|everybody"),
        ("wecom", ""),
    ],
)
def test_what_is_no_address_is_refused(kind, text):
    with pytest.raises(AddressRefusedError):
        cleaned(kind, text)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/1",
        "https://127.0.0.1/1",
        "https://localhost/1",
        "https://10.0.0.1/1",
        "https://[::1]/1",
        "https://user@push.example.org/1",
        "ftp://push.example.org/1",
    ],
)
def test_a_push_endpoint_can_not_point_into_the_district(endpoint):
    with pytest.raises(AddressRefusedError):
        push_subscription(endpoint, "p", "a")


def test_a_hint_is_for_its_owner_only():
    assert hint("email", "wang@example.org") == "w***@example.org"
    assert hint("phone", "13900000003") == "139****0003"
    assert hint("wecom", "zhang.san") == "zh***"
    kept = push_subscription("https://fcm.example.org/abc", "p", "a")
    assert hint("webpush", kept) == "fcm.example.org"
