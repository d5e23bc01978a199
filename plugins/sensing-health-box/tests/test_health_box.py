"""What Bluetooth instruments say through a health box; nothing they say can break the reader."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_plugin_sensing_health_box.gatt import CHARACTERISTICS
from xianban_plugin_sensing_health_box.health_box import HealthBox
from xianban_plugin_sensing_health_box.octets import Octets
from xianban_plugin_sensing_health_box.plugin import register_device_adapter
from xianban_sensing.hookspecs import Happened, Measured, Rejected

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
BOX = HealthBox()


def read(*items, **frame):
    told = [{"c": name, "v": digits} for name, digits in items]
    return list(BOX.parse(orjson.dumps({**frame, "items": told}), NOW))


def numbers(name, digits):
    return [(one.kind, one.value, one.unit) for one in read((name, digits))]


def reasons(name, digits, **frame):
    return [(one.field, one.reason) for one in read((name, digits), **frame)]


def sfloat(mantissa, exponent):
    return struct.pack("<H", (exponent & 0xF) << 12 | mantissa & 0xFFF)


def wide(mantissa, exponent):
    return struct.pack("<I", (exponent & 0xFF) << 24 | mantissa & 0xFFFFFF)


def test_the_plugin_brings_one_model():
    assert [adapter.model for adapter in register_device_adapter()] == ["health-box"]


# -- numbers -----------------------------------------------------------------------------------


def test_the_transcoding_paper_s_examples_are_read():
    # Bluetooth SIG, Personal Health Devices Transcoding: 0xFF00016C is 36.4, 0x0072 is 114.
    assert Octets(bytes.fromhex("6c0100ff")).wide_float() == 36.4
    assert Octets(bytes.fromhex("7200")).sfloat() == 114


@pytest.mark.parametrize("raw", [0x07FE, 0x07FF, 0x0800, 0x0801, 0x0802])
def test_special_sfloats_are_no_number(raw):
    assert Octets(struct.pack("<H", raw)).sfloat() is None


@pytest.mark.parametrize("raw", [0x7FFFFE, 0x7FFFFF, 0x800000, 0x800001, 0x800002])
def test_special_floats_are_no_number(raw):
    assert Octets(struct.pack("<I", raw)).wide_float() is None


@given(st.integers(-2045, 2045), st.integers(-8, 7))
def test_every_sfloat_comes_back(mantissa, exponent):
    assert Octets(sfloat(mantissa, exponent)).sfloat() == float(f"{mantissa}e{exponent}")


@given(st.integers(-8388605, 8388605), st.integers(-128, 127))
def test_every_float_comes_back(mantissa, exponent):
    assert Octets(wide(mantissa, exponent)).wide_float() == float(f"{mantissa}e{exponent}")


# -- characteristics ---------------------------------------------------------------------------


def test_blood_pressure_in_millimetres_with_time_pulse_user_and_status():
    # 120/80, mean 93, 2026-11-28 08:30:15 local, pulse 72, user 1, no status.
    digits = "1e780050005d00ea070b1c081e0f4800010000"
    at = datetime(2026, 11, 28, 0, 30, 15, tzinfo=UTC)
    assert read(("2A35", digits), seq=5) == [
        Measured("systolic-pressure", 120.0, "mm[Hg]", at, 5),
        Measured("diastolic-pressure", 80.0, "mm[Hg]", at, 5),
        Measured("heart-rate", 72.0, "/min", at, 5),
    ]


def test_blood_pressure_in_kilopascals_stays_in_kilopascals():
    digits = "01a0f06bf07cf0"
    assert numbers("2A35", digits) == [
        ("systolic-pressure", 16.0, "kPa"),
        ("diastolic-pressure", 10.7, "kPa"),
    ]


def test_a_failed_blood_pressure_costs_only_what_was_not_measured():
    systolic, *others = read(("2A35", "04ff070008ff074800"))
    assert systolic == Rejected("item 1", "systolic-pressure", "NOT_MEASURED")
    assert others == [
        Rejected("item 1", "diastolic-pressure", "NOT_MEASURED"),
        Measured("heart-rate", 72.0, "/min", NOW),
    ]


def test_temperature_in_both_scales():
    assert numbers("2A1C", "006c0100ff") == [("body-temperature", 36.4, "Cel")]
    assert numbers("2A1C", "05da0300ff06") == [("body-temperature", 98.6, "[degF]")]


def test_heart_rate_in_one_octet_and_in_two_with_energy_and_intervals():
    assert numbers("2A37", "0648") == [("heart-rate", 72.0, "/min")]
    assert numbers("2A37", "1f48000a000004f003") == [("heart-rate", 72.0, "/min")]


def test_a_strap_off_the_skin_gives_no_number():
    assert reasons("2A37", "0448") == [("heart-rate", "SENSOR_OFF")]


def test_the_battery_ends_at_a_hundred():
    assert numbers("2A19", "64") == [("battery", 100.0, "%")]
    assert reasons("2A19", "65") == [("battery", "NOT_MEASURED")]


def test_an_oximeter_streams_with_fast_slow_status_and_amplitude():
    digits = "1f610048006000490062004700600010000005f0"
    assert numbers("2A5F", digits) == [
        ("oxygen-saturation", 97.0, "%"),
        ("heart-rate", 72.0, "/min"),
    ]


def test_an_oximeter_s_single_measurement_has_its_time():
    [saturation, _] = read(("2A5E", "0161004800ea070b1c081e0f"))
    assert saturation.observed_at == datetime(2026, 11, 28, 0, 30, 15, tzinfo=UTC)


def test_an_oximeter_whose_clock_is_not_set_means_the_box_s_time():
    [saturation, _] = read(("2A5E", "1161004800d0070101000000"))
    assert saturation.observed_at == NOW


@pytest.mark.parametrize("bit", [11, 13, 15])
def test_an_oximeter_off_the_finger_gives_no_number(bit):
    status = (1 << bit).to_bytes(3, "little").hex()
    assert reasons("2A5F", "0861004800" + status) == [
        ("oxygen-saturation", "SENSOR_OFF"),
        ("heart-rate", "SENSOR_OFF"),
    ]


@pytest.mark.parametrize("bit", [10, 11, 12, 13, 14, 15])
def test_an_oximeter_that_doubts_itself_gives_no_number(bit):
    status = (1 << bit).to_bytes(2, "little").hex()
    found = reasons("2A5E", "0261004800" + status)
    assert {reason for _, reason in found} == {"MEASUREMENT_DOUBTFUL"}


@pytest.mark.parametrize("name", CHARACTERISTICS)
def test_octets_must_fit_their_flags(name):
    assert reasons(name, "") == [("v", "LENGTH_INVALID")]
    assert reasons(name, "00" * 40) == [("v", "LENGTH_INVALID")]


def test_fields_that_a_later_version_adds_are_skipped():
    assert numbers("2A1C", "806c0100ff0102") == [("body-temperature", 36.4, "Cel")]


# -- messages ----------------------------------------------------------------------------------


def test_the_box_s_clock_counts_where_the_instrument_has_none():
    at = datetime(2026, 11, 28, 0, 59, tzinfo=UTC)
    [found] = read(("2A19", "50"), seq=9, t=int(at.timestamp() * 1000))
    assert found == Measured("battery", 80.0, "%", at, 9)


def test_the_instruments_offset_can_be_told():
    [found] = read(("2A1C", "026c0100ffea070b1c081e0f"), tz=0)
    assert found.observed_at == datetime(2026, 11, 28, 8, 30, 15, tzinfo=UTC)


def test_an_unknown_day_means_the_box_s_time_and_an_impossible_one_is_refused():
    [found] = read(("2A1C", "026c0100ff0000000000000000"[:24]))
    assert found.observed_at == NOW
    assert reasons("2A1C", "026c0100ffea070d1c081e0f") == [("timestamp", "TIME_INVALID")]


def test_another_user_s_pressure_is_refused():
    digits = "08780050005d0002"
    assert reasons("2A35", digits, user=1) == [("user", "OTHER_USER")]
    assert len(read(("2A35", digits), user=2)) == 2


def test_the_long_form_of_a_characteristic_s_name_is_known():
    [found] = read(("00002a19-0000-1000-8000-00805F9B34FB", "50"))
    assert found.value == 80


def test_a_wrong_item_costs_only_itself():
    found = read(("2A00", "50"), ("2A19", "5"), ("2A19", "50"))
    assert [type(one) for one in found] == [Rejected, Rejected, Measured]


@pytest.mark.parametrize(
    "frame", [{"t": -1}, {"t": "now"}, {"tz": 9000}, {"tz": None}, {"user": 256}]
)
def test_a_wrong_frame_is_refused_by_name(frame):
    [flaw] = read(("2A19", "50"), **frame)
    assert (flaw.item, flaw.field) == ("message", next(iter(frame)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"17",
        b"[]",
        b"{}",
        b'{"items":{}}',
        b'{"items":[' + b"1," * 200 + b"1]}",
        b" " * 262_145,
    ],
)
def test_what_is_no_message_is_refused_as_a_whole(payload):
    with pytest.raises(ValueError):
        list(BOX.parse(payload, NOW))


@given(st.sampled_from(sorted(CHARACTERISTICS)), st.binary(max_size=40))
def test_no_octets_break_the_reader(name, octets):
    found = read((name, octets.hex()))
    assert found
    assert all(isinstance(one, Measured | Rejected) for one in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["c", "v", "x"]), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["seq", "t", "tz", "user"]), JSON), st.lists(JSON))
def test_no_json_breaks_the_reader(frame, items):
    try:
        payload = orjson.dumps({**frame, "items": items})
    except (TypeError, ValueError):
        return
    found = list(BOX.parse(payload, NOW))
    assert all(isinstance(one, Measured | Happened | Rejected) for one in found)


@given(st.binary())
def test_no_bytes_break_the_reader(payload):
    try:
        list(BOX.parse(payload, NOW))
    except ValueError:
        return


def test_the_box_is_told_in_json():
    assert orjson.loads(BOX.render("acknowledged", "已收到", "e1")) == {
        "cmd": "acknowledged",
        "text": "已收到",
        "id": "e1",
    }
