"""What people want of their messages: their own choice, and a guardian's for the ward."""

from __future__ import annotations

from datetime import timedelta

import pytest
from refusals import refused
from xianban.notify.v1 import preferences_pb2 as pb
from xianban_sdk.demo import person_id


def of(person: str) -> str:
    return f"residents/{person_id(person)}/preferences"


def update(notify, person: str, whose: str, **fields):
    wanted = pb.Preferences(name=of(whose), **fields)
    asked = pb.UpdatePreferencesRequest(
        name=of(whose), preferences=wanted, request_id=notify.request_id()
    )
    return notify.preferences(person).UpdatePreferences(asked)


def add(notify, person="daughter", whose="", value="wang@example.org", kind=pb.ADDRESS_KIND_EMAIL):
    asked = pb.AddAddressRequest(
        parent=f"residents/{person_id(whose or 'daughter')}",
        kind=kind,
        value=value,
        request_id=notify.request_id(),
    )
    return notify.preferences(person).AddAddress(asked)


def verify(notify, name, code, person="daughter"):
    asked = pb.VerifyAddressRequest(name=name, code=code, request_id=notify.request_id())
    return notify.preferences(person).VerifyAddress(asked)


def register(notify, person="daughter", endpoint="https://push.example.org/1"):
    asked = pb.RegisterPushSubscriptionRequest(
        parent=f"residents/{person_id('daughter')}",
        endpoint=endpoint,
        p256dh="B" * 87,
        auth="a" * 22,
        request_id=notify.request_id(),
    )
    return notify.preferences(person).RegisterPushSubscription(asked)


class TestGetPreferences:
    def test_nobody_without_logging_in_and_no_stranger(self, notify):
        asked = pb.GetPreferencesRequest(name=of("daughter"))
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            notify.preferences("").GetPreferences(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            notify.preferences("operator").GetPreferences(asked)

    def test_who_reads_messages_for_another_does_not_see_their_addresses(self, notify):
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            notify.preferences("daughter").GetPreferences(
                pb.GetPreferencesRequest(name=of("elder"))
            )

    def test_what_was_never_chosen_is_quiet_at_night_and_no_copies(self, notify):
        asked = pb.GetPreferencesRequest(name=of("daughter"))
        found = notify.preferences("daughter", "zh-CN").GetPreferences(asked)
        assert (found.quiet, found.quiet_start, found.quiet_end) == (True, "22:00", "07:00")
        assert (found.copies, found.locale) == (pb.COPIES_NONE, "zh-CN")
        assert [(one.id, one.display_name) for one in found.channels] == [
            ("email", "测试"),
            ("webpush", "测试"),
        ]


class TestUpdatePreferences:
    def test_nobody_without_logging_in_no_stranger_and_no_mere_delegate(self, notify):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            update(notify, "", "daughter")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            update(notify, "operator", "daughter")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            update(notify, "daughter", "elder")

    def test_a_guardian_chooses_for_the_ward(self, notify):
        changed = update(notify, "guardian", "child", quiet=True, quiet_start="20:00")
        assert (changed.quiet_start, changed.quiet_end) == ("20:00", "07:00")

    def test_what_is_chosen_stays(self, notify):
        choice = pb.Choice(category="parking", channel="email", wanted=False)
        update(notify, "daughter", "daughter", choices=[choice], copies=pb.COPIES_ALL, locale="en")
        asked = pb.GetPreferencesRequest(name=of("daughter"))
        found = notify.preferences("daughter").GetPreferences(asked)
        assert list(found.choices) == [choice]
        assert (found.copies, found.locale, found.quiet) == (pb.COPIES_ALL, "en", False)

    def test_a_channel_that_there_is_not_is_named(self, notify):
        choice = pb.Choice(category="parking", channel="pigeon", wanted=True)
        with refused("INVALID_ARGUMENT", "CHANNEL_UNKNOWN", "preferences.choices"):
            update(notify, "daughter", "daughter", choices=[choice])

    @pytest.mark.parametrize("time", ["24:00", "7:00", "late"])
    def test_a_time_that_is_none_is_named(self, notify, time):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "preferences.quiet_start"):
            update(notify, "daughter", "daughter", quiet_start=time)


class TestAddAddress:
    def test_it_is_for_the_person_alone(self, notify):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            add(notify, "")
        for person, whose in (("operator", "daughter"), ("daughter", "elder")):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                add(notify, person, whose)

    def test_nothing_but_the_code_is_sent_before_it_is_confirmed(self, notify):
        made = add(notify)
        assert (made.hint, made.HasField("verify_time")) == ("w***@example.org", False)
        assert notify.sent(notify.tell(urgent=True)) == []
        verify(notify, made.name, notify.code(made.name))
        assert notify.sent(notify.tell(urgent=True)) == ["email"]

    @pytest.mark.parametrize("value", ["nobody", "a@b", "a@example.org\r\nBcc: x@y.zz"])
    def test_what_is_no_address_is_named(self, notify, value):
        with refused("INVALID_ARGUMENT", "ADDRESS_INVALID", "value"):
            add(notify, value=value)

    def test_a_kind_that_no_channel_sends_to_is_refused(self, notify):
        with refused("FAILED_PRECONDITION", "CHANNEL_NOT_INSTALLED", "kind"):
            add(notify, value="13900000001", kind=pb.ADDRESS_KIND_PHONE)

    def test_a_second_code_needs_a_minute(self, notify):
        add(notify)
        with refused("RESOURCE_EXHAUSTED", "ADDRESS_CODE_TOO_SOON", "value"):
            add(notify)
        notify.service.resources.clock.advance(timedelta(seconds=61))
        add(notify)

    def test_addresses_have_a_number(self, notify):
        for number in range(20):
            add(notify, value=f"a{number}@example.org")
        with refused("RESOURCE_EXHAUSTED", "TOO_MANY_ADDRESSES", "parent"):
            add(notify, value="one-more@example.org")


class TestVerifyAddress:
    def test_it_is_for_the_person_alone(self, notify):
        made = add(notify)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            verify(notify, made.name, "123456", "")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            verify(notify, made.name, "123456", "operator")

    def test_the_code_confirms_it(self, notify):
        made = add(notify)
        answer = verify(notify, made.name, notify.code(made.name))
        assert answer.verified
        assert answer.address.HasField("verify_time")

    def test_five_wrong_ones_make_it_void(self, notify):
        made = add(notify)
        code = notify.code(made.name)
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        for _ in range(5):
            assert not verify(notify, made.name, wrong).verified
        with refused("FAILED_PRECONDITION", "ADDRESS_CODE_OVER", "code"):
            verify(notify, made.name, code)

    def test_it_holds_ten_minutes(self, notify):
        made = add(notify)
        code = notify.code(made.name)
        notify.service.resources.clock.advance(timedelta(minutes=11))
        with refused("FAILED_PRECONDITION", "ADDRESS_CODE_OVER", "code"):
            verify(notify, made.name, code)


class TestDeleteAddress:
    def remove(self, notify, name, person="daughter"):
        asked = pb.DeleteAddressRequest(name=name, request_id=notify.request_id())
        return notify.preferences(person).DeleteAddress(asked)

    def test_it_is_for_the_person_alone(self, notify):
        made = add(notify)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            self.remove(notify, made.name, "")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            self.remove(notify, made.name, "operator")

    def test_it_is_gone(self, notify):
        made = add(notify)
        self.remove(notify, made.name)
        with refused("NOT_FOUND", "ADDRESS_NOT_FOUND", "name"):
            self.remove(notify, made.name)


class TestRegisterPushSubscription:
    def test_it_is_for_the_person_alone(self, notify):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            register(notify, "")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            register(notify, "operator")

    def test_a_browser_is_confirmed_by_having_it_and_is_kept_once(self, notify):
        first, second = register(notify), register(notify)
        assert first.name == second.name
        assert first.HasField("verify_time")
        assert first.hint == "push.example.org"

    @pytest.mark.parametrize("endpoint", ["http://push.example.org/1", "https://10.0.0.1/push/1"])
    def test_it_can_not_point_into_the_district(self, notify, endpoint):
        with refused("INVALID_ARGUMENT", "ADDRESS_INVALID", "endpoint"):
            register(notify, endpoint=endpoint)
