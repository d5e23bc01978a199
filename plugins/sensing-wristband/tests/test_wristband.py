"""What a JSON wristband says; nothing it says can break the reader."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_plugin_sensing_wristband.plugin import register_device_adapter
from xianban_plugin_sensing_wristband.wristband import JsonWristband
from xianban_sensing.hookspecs import Happened, Measured, Motion, Rejected, Where

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
BAND = JsonWristband()


def read(*items, backlog=False):
    told = list(items) if backlog or len(items) != 1 else items[0]
    return list(BAND.parse(orjson.dumps(told), NOW))


def test_the_plugin_brings_one_model():
    assert [adapter.model for adapter in register_device_adapter()] == ["json-wristband"]


def test_numbers_keep_their_unit_time_and_counter():
    at = datetime(2026, 11, 28, 0, 59, tzinfo=UTC)
    found = read({"seq": 7, "t": int(at.timestamp() * 1000), "hr": 72, "spo2": 97})
    assert found == [
        Measured("heart-rate", 72.0, "/min", at, 7),
        Measured("oxygen-saturation", 97.0, "%", at, 7),
    ]


def test_a_band_without_a_clock_means_now():
    [found] = read({"seq": 1, "hr": 70})
    assert found.observed_at == NOW


def test_zero_is_handed_on_as_it_came():
    [found] = read({"hr": 0})
    assert found.value == 0


def test_a_window_of_motion_is_handed_on_as_it_was_felt():
    [found] = read({"seq": 4, "acc": {"hz": 50, "mg": [0, 1000, 0, 10, 990, -5]}})
    motion = Motion(50, [0, 1000, 0, 10, 990, -5])
    assert found == Happened("motion-window", NOW, "", 4, motion=motion)


def test_a_window_and_an_event_of_one_message_are_two_events():
    event, motion = read({"ev": "fall", "id": "a1", "acc": {"hz": 50, "mg": [0, 1000, 0]}})
    assert {event.event_id, motion.event_id} == {"a1", "a1-motion"}


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ("x", "acc.hz"),
        ({"hz": 10, "mg": [0, 0, 0]}, "acc.hz"),
        ({"hz": True, "mg": [0, 0, 0]}, "acc.hz"),
        ({"hz": 50}, "acc.mg"),
        ({"hz": 50, "mg": []}, "acc.mg"),
        ({"hz": 50, "mg": [1, 2]}, "acc.mg"),
        ({"hz": 50, "mg": [1, 2, 0.5]}, "acc.mg"),
        ({"hz": 50, "mg": [1, 2, 10**9]}, "acc.mg"),
        ({"hz": 50, "mg": [0] * 36_003}, "acc.mg"),
    ],
)
def test_a_window_that_cannot_be_one_costs_itself_alone(window, field):
    number, refused = read({"hr": 70, "acc": window})
    assert isinstance(number, Measured)
    assert (type(refused), refused.field) == (Rejected, field)


def test_an_sos_carries_place_and_id():
    place, event = read({"seq": 9, "ev": "sos", "id": "a1", "loc": [30.9, 121.4, 12]})
    assert place.where == Where(30.9, 121.4, 12)
    assert event == Happened("sos", NOW, "a1", 9, Where(30.9, 121.4, 12))


def test_a_wrong_part_costs_only_itself():
    found = read({"hr": "fast", "spo2": 96, "loc": [100, 200], "ev": "dance"})
    assert [one for one in found if isinstance(one, Measured)]
    assert {one.field for one in found if isinstance(one, Rejected)} == {"hr", "loc", "ev"}


def test_a_backlog_is_read_in_order():
    found = read({"seq": 1, "hr": 60}, {"seq": 2, "hr": 61}, backlog=True)
    assert [one.sequence for one in found] == [1, 2]


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"17", b'"hr"', b"[1]", b"[" + b"{}," * 501 + b"{}]"]
)
def test_what_is_no_message_is_refused_as_a_whole(payload):
    with pytest.raises(ValueError):
        list(BAND.parse(payload, NOW))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["seq", "t", "hr", "loc", "ev", "id", "bat"]), JSON))
def test_no_json_breaks_the_reader(item):
    try:
        payload = orjson.dumps(item)
    except (TypeError, ValueError):
        return
    assert all(isinstance(one, Measured | Happened | Rejected) for one in BAND.parse(payload, NOW))


def test_a_cancel_names_the_press_that_it_calls_off():
    [told] = BAND.parse(b'{"ev":"sos-cancel","id":"c1","of":"p1"}', NOW)
    assert (told.kind, told.event_id, told.calls_off) == ("sos-cancel", "c1", "p1")


def test_the_wearer_is_told_which_press_is_answered():
    assert orjson.loads(BAND.render("coming", "", "p1"))["id"] == "p1"


def test_the_wearer_is_told_in_json():
    assert orjson.loads(BAND.render("acknowledged", "赵勇已收到")) == {
        "cmd": "acknowledged",
        "text": "赵勇已收到",
    }
