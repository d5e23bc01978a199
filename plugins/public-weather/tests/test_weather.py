"""The weather plugin against its simulator, and against CAP messages of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from xianban_eldercare import hookspecs
from xianban_plugin_public_weather.bulletins import Words, cancelled, cap
from xianban_plugin_public_weather.cap import read_alert
from xianban_plugin_public_weather.demo import DemoSource, bulletin_of
from xianban_plugin_public_weather.listing import entries
from xianban_plugin_public_weather.naming import colour_of, hazard_of
from xianban_plugin_public_weather.open_meteo import read_forecast
from xianban_plugin_public_weather.plugin import configured, register_weather
from xianban_plugin_public_weather.simulator import Simulator, running
from xianban_plugin_public_weather.source import CapSource, SourceFacts
from xianban_plugin_public_weather.xml_safely import Unreadable
from xianban_sdk.findings import Severity
from xianban_sdk.plugins import build
from xianban_sdk.public.warnings import Forecast, Unread, WeatherWarning, level_of
from xianban_sdk.pulling import SourceUnreachable

NOW = datetime(2026, 7, 20, 2, 30, tzinfo=UTC)
HEAT = bulletin_of(NOW)
SAMPLES = Path(__file__).parents[4] / "shared/data/culture/cap"


@pytest.fixture
def simulator():
    made = Simulator()
    made.bulletins = [HEAT]
    made.first_hour = NOW.replace(minute=0)
    made.degrees = [30.0, 34.5, 38.0]
    with running(made):
        yield made


def source_of(simulator, **more):
    facts = SourceFacts(
        "sim", {"en": "Simulator"}, simulator.url("/index.atom"), timedelta(minutes=5), **more
    )
    return CapSource(facts)


def read(source, now=NOW):
    told = list(source.read(now))
    kinds = (WeatherWarning, Forecast, Unread)
    return tuple([one for one in told if isinstance(one, kind)] for kind in kinds)


def changed(old, new, one=HEAT):
    return cap(one).replace(old.encode(), new.encode())


def refused(body, places=None):
    with pytest.raises(Unreadable) as caught:
        read_alert(body, places or {})
    return caught.value.reason


# -- messages -------------------------------------------------------------------------------


def test_a_message_in_two_languages_is_one_warning():
    [one] = read_alert(cap(HEAT), {})
    assert (one.hazard, one.colour, one.severity) == ("heat", "orange", Severity.SEVERE)
    assert level_of(one) == 3
    assert set(one.words) == {"zh-CN", "en"}
    assert one.words["zh-CN"].headline == "【演示】奉贤区高温橙色预警"
    assert one.area.codes == ("310120",)
    assert (one.effective, one.expires) == (HEAT.sent, HEAT.expires)


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_what_is_not_real_is_never_told(status):
    assert read_alert(cap(replace(HEAT, status=status)), {}) == []


def test_what_is_not_for_the_public_is_never_told():
    assert read_alert(changed("<scope>Public", "<scope>Restricted"), {}) == []


def test_a_receipt_between_systems_is_no_warning():
    assert read_alert(cap(replace(HEAT, kind="Ack")), {}) == []


def test_a_cancel_says_what_it_ends():
    [one] = read_alert(cap(cancelled(HEAT, "gone", NOW)), {})
    assert one.kind == "cancel"
    assert [quoted.identifier for quoted in one.references] == [HEAT.identifier]


def test_several_levels_in_one_message_are_several_warnings():
    info = cap(HEAT).split(b"<info>")[1].split(b"</info>")[0]
    red = info.replace("橙色".encode(), "红色".encode()).replace(b"Severe", b"Extreme")
    body = cap(HEAT).replace(b"</alert>", b"<info>" + red + b"</info></alert>")
    found = read_alert(body, {})
    assert [(one.part, level_of(one)) for one in found] == [(0, 3), (1, 4)]


def test_without_an_end_it_ends_after_a_day():
    bare = cap(HEAT).split(b"<expires>")
    body = b"".join([bare[0], *(part.split(b"</expires>", 1)[1] for part in bare[1:])])
    [one] = read_alert(body, {})
    assert one.expires == one.effective + timedelta(hours=24)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<identifier>", "<identifer>", "NOT_XML"),
        ("2026-07-20T00:00:00+08:00</sent>", "2026-07-20T00:00:00</sent>", "TIME_WITHOUT_ZONE"),
        ("2026-07-20T00:00:00+08:00</sent>", "today</sent>", "TIME_UNREADABLE"),
        ("cap:1.2", "cap:1.1", "NOT_CAP_1_2"),
        ("<event>高温橙色预警</event>", "", "FIELD_MISSING"),
        ("310120000000", "310120102000", "AREA_UNKNOWN"),
        ("2026-07-21T", "2027-07-21T", "EXPIRES_UNBELIEVABLE"),
        ('encoding="UTF-8"?>', 'encoding="UTF-8"?><!DOCTYPE a [<!ENTITY b "c">]>', "XML_WITH_DTD"),
        ("Alert</msgType>", "Update</msgType>", "REFERENCES_MISSING"),
        ("Alert</msgType>", "Hello</msgType>", "VALUE_UNKNOWN"),
    ],
)
def test_what_cannot_be_believed_is_refused_by_name(old, new, reason):
    assert refused(changed(old, new)) == reason


def test_a_towns_code_counts_as_the_operator_says():
    body = cap(replace(HEAT, codes=("310120102000",)))
    [one] = read_alert(body, {"310120102000": "310120/nanqiao"})
    assert one.area.codes == ("310120/nanqiao",)


def test_a_province_is_two_digits_and_a_polygon_is_kept():
    ring = "30.8,121.3 30.8,121.6 31.0,121.6 31.0,121.3 30.8,121.3"
    [one] = read_alert(cap(replace(HEAT, codes=("310000",), polygon=ring)), {})
    assert one.area.codes == ("31",)
    assert len(one.area.polygons[0]) == 5


@pytest.mark.parametrize(
    ("event", "hazard"),
    [
        ("台风蓝色预警", "typhoon"),
        ("寒潮黄色预警", "cold"),
        ("Excessive Heat Warning", "heat"),
        ("Wind Chill Advisory", "cold"),
        ("A threat of something", "other"),
        ("道路结冰", "ice"),
    ],
)
def test_the_hazard_is_read_from_the_events_words(event, hazard):
    assert hazard_of(event) == hazard


def test_a_colour_is_a_word_and_no_part_of_one():
    assert colour_of("bored", "暴雨红色预警") == "red"
    assert colour_of("shredded", "covered") == ""


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not here")
def test_messages_of_others_are_read_or_refused_by_name():
    told = {}
    for file in sorted(SAMPLES.glob("*.cap")):
        try:
            found = read_alert(file.read_bytes(), {})
            told[file.stem] = [(one.kind, one.hazard, bool(one.words)) for one in found]
        except Unreadable as error:
            told[file.stem] = error.reason
    assert told["australia"] == [("alert", "other", True)] * 2
    assert told["earthquake"].startswith("NOT_CAP_1_2")  # it is CAP 1.1
    assert told["invalid"] == "FIELD_MISSING"
    assert len(told) >= 5


# -- lists ----------------------------------------------------------------------------------


def test_an_rss_list_is_read_too():
    body = b"<rss><channel><item><link>cap/1.xml</link><pubDate>x</pubDate></item></channel></rss>"
    [one] = entries(body, "https://weather.example/a/rss.xml")
    assert (one.url, one.stamp) == ("https://weather.example/a/cap/1.xml", "x")


def test_a_page_that_is_no_list_is_an_error_and_no_empty_list(simulator):
    simulator.replaced["/index.atom"] = b"<html></html>"
    source = source_of(simulator)
    for _ in range(2):  # an unchanged page that nobody can read is still no list
        with pytest.raises(SourceUnreachable, match="NOT_A_LIST"):
            source.read(NOW)


# -- over HTTP ------------------------------------------------------------------------------


def test_what_stands_is_told_every_time_and_fetched_once(simulator):
    source = source_of(simulator)
    assert [one.identifier for one in read(source)[0]] == [HEAT.identifier]
    assert [one.identifier for one in read(source)[0]] == [HEAT.identifier]
    statuses = [status for _, status in simulator.answers]
    assert statuses == [200, 200, 304]


def test_a_new_message_on_the_list_is_fetched(simulator):
    source = source_of(simulator)
    read(source)
    simulator.bulletins.append(cancelled(HEAT, "gone", NOW))
    assert [one.kind for one in read(source)[0]] == ["alert", "cancel"]


def test_a_list_that_is_away_is_an_error(simulator):
    source = source_of(simulator)
    read(source)
    simulator.broken["/index.atom"] = 503
    with pytest.raises(SourceUnreachable, match="503"):
        source.read(NOW)
    del simulator.broken["/index.atom"]
    assert len(read(source)[0]) == 1


def test_a_message_that_cannot_be_read_is_told_and_the_others_go_on(simulator):
    other = replace(HEAT, identifier="other")
    simulator.bulletins.append(other)
    simulator.replaced["/cap/other.xml"] = b"<alert>"
    source = source_of(simulator)
    warnings, _, unread = read(source)
    assert [one.identifier for one in warnings] == [HEAT.identifier]
    assert [one.reason for one in unread] == ["NOT_XML"]
    del simulator.replaced["/cap/other.xml"]
    assert len(read(source)[0]) == 2


def test_a_message_on_another_host_is_not_fetched(simulator):
    body = simulator.document("/index.atom").replace(b"cap/demo", b"http://127.0.0.2/cap/demo")
    simulator.replaced["/index.atom"] = body
    warnings, _, unread = read(source_of(simulator))
    assert warnings == []
    assert [one.reason for one in unread] == ["HOST_NOT_CONFIGURED"]


def test_a_message_larger_than_a_mebibyte_is_not_read(simulator):
    simulator.replaced[f"/cap/{HEAT.identifier}.xml"] = b"x" * (1 << 21)
    _, _, unread = read(source_of(simulator))
    assert "more than" in unread[0].detail


def test_forecasts_are_told_by_hour_and_area(simulator):
    source = source_of(simulator, forecasts={"310120": simulator.url("/forecast.json")})
    _, hours, _ = read(source)
    assert [one.temperature_c for one in hours] == [30.0, 34.5, 38.0]
    assert (hours[0].area, hours[0].at) == ("310120", NOW.replace(minute=0))
    assert hours[0].wind_mps == pytest.approx(5.0)


def test_a_forecast_that_is_away_does_not_cost_the_warnings(simulator):
    source = source_of(simulator, forecasts={"310120": simulator.url("/nothing.json")})
    warnings, hours, unread = read(source)
    assert (len(warnings), hours, len(unread)) == (1, [], 1)


def test_a_unit_that_is_not_known_is_refused():
    body = Simulator()
    body.degrees = [1.0]
    told = body.document("/forecast.json").replace("°C".encode(), "°F".encode())
    with pytest.raises(Unreadable, match="UNIT_UNKNOWN"):
        read_forecast(told, "310120")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"hourly":1,"hourly_units":{}}'])
def test_what_is_no_forecast_is_refused(body):
    with pytest.raises(Unreadable):
        read_forecast(body, "310120")


# -- configuration --------------------------------------------------------------------------


def test_without_configuration_a_demo_has_its_own_source_and_others_none(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    assert [one.id for one in register_weather()] == ["demo"]
    monkeypatch.setenv("XIANBAN_DEMO", "false")
    assert register_weather() == []


def test_the_operator_configures_sources(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    (tmp_path / "plugins").mkdir()
    table = '[[source]]\nid = "a"\nurl = "https://weather.example/index.atom"\n'
    (tmp_path / "plugins/public-weather.toml").write_text(table)
    [one] = register_weather()
    assert (one.id, one.cadence) == ("a", timedelta(minutes=5))


def test_in_a_process_of_its_own_it_says_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    monkeypatch.setenv("XIANBAN_PLUGIN_TIERS", "public-weather=1")
    hooks = build("eldercare", hookspecs)
    try:
        brought = {one.plugin: one.value for one in hooks.registered("register_weather")}
        [source] = brought["public-weather"]
        assert list(source.read(NOW)) == list(DemoSource().read(NOW))
    finally:
        hooks.close()


@pytest.mark.parametrize("table", [{"id": "a", "urls": "x"}, {"url": "https://x"}])
def test_what_is_wrong_in_the_configuration_is_named(table):
    with pytest.raises(ValueError, match="source"):
        configured(table)


@pytest.mark.parametrize(("month", "hazard"), [(7, "heat"), (12, "cold")])
def test_the_demo_has_the_seasons_warning_and_says_that_it_is_a_demo(month, hazard):
    told = list(DemoSource().read(datetime(2026, month, 1, tzinfo=UTC)))
    [one] = [each for each in told if isinstance(each, WeatherWarning)]
    assert one.hazard == hazard
    assert "演示" in one.words["zh-CN"].headline
    assert "Demo" in one.words["en"].headline
    assert len([each for each in told if isinstance(each, Forecast)]) >= 30
    assert isinstance(HEAT.words["en"], Words)
