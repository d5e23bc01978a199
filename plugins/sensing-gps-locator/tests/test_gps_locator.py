"""What a locator says in NMEA 0183; nothing it says can break the reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xianban_plugin_sensing_gps_locator.gps_locator import GpsLocator
from xianban_plugin_sensing_gps_locator.nmea import checksum
from xianban_plugin_sensing_gps_locator.plugin import register_device_adapter
from xianban_sensing.hookspecs import Happened, Measured, Rejected, Where

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
LOCATOR = GpsLocator()
# The sentences that most descriptions of NMEA 0183 show.
RMC = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"
GGA = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47"
GSA = "$GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1*39"


def read(*lines):
    return list(LOCATOR.parse("\r\n".join(lines).encode(), NOW))


def sealed(body):
    return f"${body}*{checksum(body)}"


def rmc(at, latitude="3055.4200,N", longitude="12127.6000,E", status="A", mode=",A"):
    return sealed(f"GNRMC,{at:%H%M%S}.00,{status},{latitude},{longitude},0.1,,{at:%d%m%y},,{mode}")


def gga(at, latitude="3055.4200,N", longitude="12127.6000,E", quality="1", hdop="1.2"):
    return sealed(f"GNGGA,{at:%H%M%S}.00,{latitude},{longitude},{quality},09,{hdop},8.0,M,9.0,M,,")


def angle(value, whole, sides):
    """Ten thousandths of a minute, as a sentence has them."""
    size = round(abs(value) * 600_000)
    degrees, minutes = divmod(size, 600_000)
    side = sides[0] if value >= 0 else sides[1]
    return f"{degrees:0{whole}d}{minutes // 10_000:02d}.{minutes % 10_000:04d},{side}"


def test_the_plugin_brings_one_model():
    assert [adapter.model for adapter in register_device_adapter()] == ["gps-locator"]


def test_the_well_known_gga_is_read():
    [found] = read(GGA)
    assert found.where.latitude == pytest.approx(48.1173, abs=1e-9)
    assert found.where.longitude == pytest.approx(11 + 31 / 60, abs=1e-9)
    assert (found.kind, found.unit, found.value) == ("location", "m", 4.5)


def test_rmc_and_gga_of_a_second_are_one_place_with_day_and_accuracy():
    for lines in [(RMC, GGA), (GGA, RMC)]:
        [found] = read(*lines)
        assert found.observed_at.time() == datetime(1994, 3, 23, 12, 35, 19).time()  # noqa: DTZ001
        assert (found.observed_at.day, found.observed_at.month) == (23, 3)
        assert found.where.accuracy_m == 4.5


def test_places_of_different_seconds_stay_apart():
    later = NOW + timedelta(seconds=1)
    assert [one.observed_at for one in read(rmc(NOW), gga(later))] == [NOW, later]


def test_rmc_alone_does_not_know_its_accuracy():
    [found] = read(rmc(NOW))
    assert found == Measured(
        "location", 0.0, "m", NOW, 0, Where(30 + 55.42 / 60, 121 + 27.6 / 60, 0.0)
    )


def test_gga_alone_means_the_day_nearest_to_now():
    before = NOW - timedelta(hours=2)
    assert [one.observed_at for one in read(gga(before))] == [before]


def test_south_and_west_are_negative():
    [found] = read(rmc(NOW, "3355.0000,S", "07030.0000,W"))
    assert (found.where.latitude, found.where.longitude) == (-(33 + 55 / 60), -70.5)


@given(st.floats(-90, 90), st.floats(-180, 180), st.datetimes(datetime(2000, 1, 1)))  # noqa: DTZ001
def test_a_place_comes_back_to_a_fifth_of_a_metre(latitude, longitude, at):
    assume(abs(latitude) > 1e-4 or abs(longitude) > 1e-4)
    at = at.replace(year=2000 + at.year % 100, microsecond=0, tzinfo=UTC, day=min(at.day, 28))
    sides = angle(latitude, 2, "NS"), angle(longitude, 3, "EW")
    [found] = read(rmc(at, *sides), gga(at, *sides))
    assert found.observed_at == at
    assert found.where.latitude == pytest.approx(latitude, abs=1e-6)
    assert found.where.longitude == pytest.approx(longitude, abs=1e-6)


def test_the_readme_s_example_is_a_place_an_sos_and_a_battery():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    found = read(*readme.split("```")[1].split())
    assert [one.kind for one in found] == ["location", "sos", "battery"]


# -- no place ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GGA[:-1] + "8", "CHECKSUM_WRONG"),
        (GGA.replace("4807", "4808"), "CHECKSUM_WRONG"),
        (GGA[:-3], "CHECKSUM_MISSING"),
        (rmc(NOW, ",", ",", status="V", mode=",N"), "NO_FIX"),
        (rmc(NOW, status="V"), "NO_FIX"),
        (rmc(NOW, mode=",N"), "NO_FIX"),
        (rmc(NOW, mode=",E"), "NOT_MEASURED"),
        (rmc(NOW, mode=",S"), "NOT_MEASURED"),
        (gga(NOW, ",", ",", quality="0", hdop="99.99"), "NO_FIX"),
        (gga(NOW, quality=""), "NO_FIX"),
        (gga(NOW, quality="6"), "NOT_MEASURED"),
        (gga(NOW, quality="12"), "NOT_MEASURED"),
        (gga(NOW, "0000.0000,N", "00000.0000,E"), "NO_FIX"),
        (gga(NOW, "9000.0001,N"), "POSITION_INVALID"),
        (gga(NOW, "3060.0000,N"), "POSITION_INVALID"),
        (gga(NOW, "3055.4200,X"), "POSITION_INVALID"),
        (gga(NOW, ",N"), "POSITION_INVALID"),
        (gga(NOW, hdop="-1"), "NUMBER_INVALID"),
        (sealed("GPRMC,256199,A,4807.038,N,01131.000,E,,,230394,,"), "TIME_INVALID"),
        (sealed("GPRMC,123519,A,4807.038,N,01131.000,E,,,310294,,"), "DATE_INVALID"),
        (sealed("GPRMC,123519,A"), "FIELDS_MISSING"),
        ("$*00", "SENTENCE_INVALID"),
        ("noise", "SENTENCE_INVALID"),
    ],
)
def test_a_sentence_without_a_true_place_is_refused_and_costs_only_itself(line, reason):
    flaw, battery = read(line, "$XB,BAT,80")
    assert (flaw.item, flaw.reason) == ("line 1", reason)
    assert battery.value == 80


def test_other_sentences_are_passed_over():
    assert read(GSA) == []


# -- its own sentences -------------------------------------------------------------------------


def test_an_sos_carries_its_counter_and_the_newest_place():
    event, place = read("$XB,SOS,17", gga(NOW))
    assert event == Happened("sos", NOW, "sos-17", 17, place.where)


def test_an_sos_without_a_fix_goes_on_without_a_place():
    _, event = read(rmc(NOW, status="V"), "$XB,SOS,0")
    assert event == Happened("sos", NOW, "sos-0", 0, None)


def test_the_battery_is_in_per_cent():
    assert read("$XB,BAT,80") == [Measured("battery", 80.0, "%", NOW)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("$XB,BAT,101", "NUMBER_INVALID"),
        ("$XB,BAT,-1", "NUMBER_INVALID"),
        ("$XB,SOS,", "NUMBER_INVALID"),
        ("$XB,SOS", "NUMBER_INVALID"),
        ("$XB,SOS," + "9" * 19, "NUMBER_INVALID"),
        ("$XB,DANCE,1", "SENTENCE_UNKNOWN"),
        ("$XB,SOS,17*00", "CHECKSUM_WRONG"),
    ],
)
def test_a_wrong_sentence_of_its_own_is_refused(line, reason):
    [flaw] = read(line)
    assert flaw.reason == reason


def test_its_own_sentences_may_have_a_checksum():
    [event] = read(sealed("XB,SOS,17"))
    assert event.event_id == "sos-17"


# -- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [b"", b"hello", b'{"hr":72}', b"$XB,SOS,\xff", b"$XB,BAT,1\n" * 1001, b"$" + b"1" * 65_536],
)
def test_what_is_no_message_is_refused_as_a_whole(payload):
    with pytest.raises(ValueError):
        list(LOCATOR.parse(payload, NOW))


@given(st.binary())
def test_no_bytes_break_the_reader(payload):
    try:
        list(LOCATOR.parse(payload, NOW))
    except ValueError:
        return


FIELD = st.text("0123456789.,-NSEWAV", max_size=12)


@given(st.sampled_from(["GPRMC", "BDGGA", "XB", "XB,SOS", "XB,BAT"]), st.lists(FIELD, max_size=16))
def test_no_fields_break_the_reader(name, fields):
    found = read(sealed(",".join([name, *fields])))
    assert all(isinstance(one, Measured | Happened | Rejected) for one in found)
    assert all(one.where != Where(0, 0) for one in found if isinstance(one, Measured))


@given(st.text(max_size=150))
def test_the_wearer_is_told_in_a_sealed_sentence(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    line = LOCATOR.render("acknowledged", text).decode("ascii")
    body, _, seal = line.strip().lstrip("$").partition("*")
    assert seal == checksum(body)
    assert bytes.fromhex(body.split(",")[3]).decode() == text[:100]


def test_the_wearer_is_told_which_press_is_answered():
    line = LOCATOR.render("coming", "", "sos-17").decode("ascii")
    assert line.partition("*")[0] == "$XB,TELL,coming,,17"
