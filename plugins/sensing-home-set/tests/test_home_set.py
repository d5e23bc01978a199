"""What the sensors of a home say, in binary and in JSON; nothing they say can break the reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_plugin_sensing_home_set.home_set import HomeSet
from xianban_plugin_sensing_home_set.plugin import register_device_adapter
from xianban_sensing.hookspecs import Happened, Measured, Rejected

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=3)
MILLIS = int(BEFORE.timestamp() * 1000)
SET = HomeSet()
# JSON key → (type, octets), as the README has them.
TYPES = {
    "t": (0x01, 8),
    "smoke": (0x10, 1),
    "gas": (0x11, 1),
    "door": (0x12, 1),
    "motion": (0x13, 1),
    "water": (0x20, 4),
    "bat": (0x21, 1),
}
EVENTS = {"tamper": 0x30, "low-battery": 0x31}


def binary(message):
    made = b"\x01" + message.get("seq", 0).to_bytes(4, "big")
    for key, (kind, length) in TYPES.items():
        if key in message:
            made += bytes([kind, length]) + message[key].to_bytes(length, "big")
    for event in message.get("ev", []):
        made += bytes([EVENTS[event], 0])
    return made


def heard(payload):
    return list(SET.parse(payload, NOW))


def read(digits):
    return heard(bytes.fromhex(digits))


def told(*items):
    return heard(orjson.dumps(items[0] if len(items) == 1 else items))


def test_the_plugin_brings_one_model():
    assert [adapter.model for adapter in register_device_adapter()] == ["home-set"]


def test_the_readme_s_example_is_smoke_and_eighty_per_cent():
    assert read("01 00000007 10 01 01 21 01 50") == [
        Measured("smoke", 1.0, "{state}", NOW, 7),
        Measured("battery", 80.0, "%", NOW, 7),
    ]


def test_no_smoke_is_a_number_too():
    [found] = told({"seq": 1, "smoke": 0})
    assert found == Measured("smoke", 0.0, "{state}", NOW, 1)


MESSAGES = st.fixed_dictionaries(
    {"seq": st.integers(0, 2**32 - 1)},
    optional={
        "t": st.integers(0, 253_402_300_799_000),
        "smoke": st.integers(0, 255),
        "gas": st.integers(0, 1),
        "door": st.integers(0, 1),
        "motion": st.integers(0, 1),
        "water": st.integers(0, 2**32 - 1),
        "bat": st.integers(0, 255),
        "ev": st.lists(st.sampled_from(sorted(EVENTS)), max_size=2),
    },
)


@given(MESSAGES)
def test_both_forms_say_the_same(message):
    def said(payload):
        found = heard(payload)
        return [(one.field, one.reason) if isinstance(one, Rejected) else one for one in found]

    assert said(binary(message)) == said(orjson.dumps(message))


@given(MESSAGES)
def test_what_was_sent_comes_back(message):
    found = heard(binary(message))
    values = {one.kind: one.value for one in found if isinstance(one, Measured)}
    for kind, key in [("gas", "gas"), ("door", "door"), ("motion", "motion"), ("water", "water")]:
        assert values.get(kind) == message.get(key)
    assert [one.kind for one in found if isinstance(one, Happened)] == message.get("ev", [])


def test_events_carry_time_and_sequence():
    assert heard(binary({"seq": 4, "t": MILLIS, "ev": ["tamper", "low-battery"]})) == [
        Happened("tamper", BEFORE, sequence=4),
        Happened("low-battery", BEFORE, sequence=4),
    ]


def test_a_time_counts_for_the_parts_after_it():
    time = f"01 08 {MILLIS:016x}"
    door, closed = read(f"01 00000001 12 01 01 {time} 12 01 00")
    assert (door.observed_at, closed.observed_at) == (NOW, BEFORE)


def test_a_backlog_s_times_stay_with_their_objects():
    first, second = told({"seq": 1, "t": MILLIS, "door": 1}, {"seq": 2, "door": 0})
    assert (first.observed_at, second.observed_at) == (BEFORE, NOW)


@pytest.mark.parametrize("key", ["smoke", "gas", "door", "motion", "bat"])
def test_a_broken_sensor_is_never_a_number(key):
    assert told({key: 255}) == [Rejected("item 1", key, "NOT_MEASURED")]


@pytest.mark.parametrize("value", [2, -1, True, "1", 0.5, None])
def test_a_state_is_nought_or_one(value):
    assert told({"smoke": value}) == [Rejected("item 1", "smoke", "NUMBER_INVALID")]


def test_the_water_meter_counts_past_255():
    values = [one.value for one in told({"water": 255}, {"water": 4_000_000_000})]
    assert values == [255.0, 4e9]


def test_a_wrong_time_costs_the_numbers_but_no_event():
    found = told({"t": "soon", "smoke": 1, "ev": ["tamper"]})
    assert [type(one) for one in found] == [Rejected, Rejected, Happened]
    assert found[-1].occurred_at == NOW


def test_an_unknown_or_misshapen_part_costs_only_itself():
    unknown, long, battery = read("01 00000001 77 02 0000 10 02 0001 21 01 50")
    assert unknown == Rejected("part 1", "0x77", "TYPE_UNKNOWN")
    assert long == Rejected("part 2", "smoke", "LENGTH_INVALID")
    assert battery.value == 80


def test_a_length_past_the_end_costs_the_rest():
    assert read("01 00000001 21 01 50 10 09 01")[1:] == [
        Rejected("part 2", "length", "LENGTH_INVALID")
    ]


def test_an_unknown_event_is_named():
    assert told({"ev": ["dance"]}) == [Rejected("item 1", "ev", "EVENT_UNKNOWN")]


def test_an_object_with_too_many_events_is_refused_once():
    assert told({"ev": ["tamper"] * 17}) == [Rejected("item 1", "ev", "EVENTS_TOO_MANY")]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01\x00\x00",
        b"\x02\x00\x00\x00\x01",
        b"{",
        b"17",
        b"[1]",
        b"[" + b"{}," * 500 + b"{}]",
        b"\x01\x00\x00\x00\x01" + b"\x30\x00" * 501,
        b" " * 65_537,
    ],
)
def test_what_is_no_message_is_refused_as_a_whole(payload):
    with pytest.raises(ValueError):
        heard(payload)


@given(st.binary(max_size=200))
def test_no_parts_break_the_reader(parts):
    found = heard(b"\x01\x00\x00\x00\x01" + parts)
    assert all(isinstance(one, Measured | Happened | Rejected) for one in found)


@given(st.binary())
def test_no_bytes_break_the_reader(payload):
    try:
        heard(payload)
    except ValueError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["seq", "t", "smoke", "water", "bat", "ev"]), JSON))
def test_no_json_breaks_the_reader(item):
    try:
        payload = orjson.dumps(item)
    except (TypeError, ValueError):
        return
    assert all(isinstance(one, Measured | Happened | Rejected) for one in heard(payload))


def test_the_set_is_told_in_json():
    assert orjson.loads(SET.render("acknowledged", "已收到", "e1")) == {
        "cmd": "acknowledged",
        "text": "已收到",
        "id": "e1",
    }
