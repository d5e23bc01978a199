"""The traffic plugin against its control centre, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from xianban_parking import hookspecs
from xianban_plugin_public_traffic import elaborated, situations
from xianban_plugin_public_traffic.demo import DemoSource
from xianban_plugin_public_traffic.documents import Unreadable, opened
from xianban_plugin_public_traffic.elaborated import read_readings
from xianban_plugin_public_traffic.plugin import configured, register_traffic
from xianban_plugin_public_traffic.simulator import ELABORATED, SITUATIONS, Simulator, running
from xianban_plugin_public_traffic.situations import read_closures
from xianban_plugin_public_traffic.source import DatexSource, SourceFacts
from xianban_plugin_public_traffic.writing import (
    Closed,
    Measured,
    elaborated_data,
    situation_data,
)
from xianban_sdk.plugins import build
from xianban_sdk.public.traffic import (
    Flow,
    TrafficClosures,
    TrafficReading,
    TrafficStretch,
    TrafficUnread,
)
from xianban_sdk.pulling import SourceUnreachable

NOW = datetime(2026, 7, 20, 0, 30, tzinfo=UTC)
ROAD = Measured("FX-1", NOW - timedelta(minutes=1), "slow", 300, 200)
WORKS = Closed("W-1", "FX-2", NOW - timedelta(hours=1), NOW + timedelta(hours=3))
STRETCHES = (
    TrafficStretch("FX-1", {"zh-CN": "环城东路"}, ("lots/fengpu-powerlong",)),
    TrafficStretch("FX-2", {"zh-CN": "望园路"}, ("lots/fengpu-community",)),
)


@pytest.fixture
def centre():
    now = [NOW]
    made = Simulator(lambda: now[0])
    made.now = now
    made.measured = lambda: [ROAD]
    made.closed = lambda: [WORKS]
    with running(made):
        yield made


def source_of(centre, **more):
    facts = SourceFacts(
        "sim",
        {"en": "Sim"},
        centre.url(ELABORATED),
        timedelta(minutes=1),
        STRETCHES,
        centre.url(SITUATIONS),
    )
    return DatexSource(replace(facts, **more))


def told_by(source, kind, now=NOW):
    return [one for one in source.read(now) if isinstance(one, kind)]


def measured(*roads, old=b"", new=b"", known=("FX-1",)):
    body = elaborated_data(NOW, roads or (ROAD,)).replace(old, new)
    return read_readings(opened(body, elaborated.KIND, NOW), known, NOW)


def closed(*records, old=b"", new=b"", known=("FX-1", "FX-2")):
    body = situation_data(NOW, records or (WORKS,)).replace(old, new)
    return read_closures(opened(body, situations.KIND, NOW), known)


def refused(body, kind=elaborated.KIND):
    with pytest.raises(Unreadable) as caught:
        opened(body, kind, NOW)
    return caught.value.reason


# -- readings -------------------------------------------------------------------------------


def test_status_and_travel_time_of_a_location_are_one_reading():
    [one] = measured()
    assert one == TrafficReading("FX-1", ROAD.at, Flow.SLOW, 300, 200)


@pytest.mark.parametrize(
    ("status", "flow"),
    [
        ("freeFlow", Flow.FREE),
        ("heavy", Flow.SLOW),
        ("slow", Flow.SLOW),
        ("queuing", Flow.CONGESTED),
        ("stationary", Flow.CONGESTED),
        ("congested", Flow.CONGESTED),
        ("impossible", Flow.CLOSED),
        ("unspecifiedAbnormal", None),
        ("unknown", None),
    ],
)
def test_each_status_of_the_standard_has_its_flow(status, flow):
    [one] = measured(Measured("FX-1", ROAD.at, status))
    assert (one.flow, one.travel_seconds) == (flow, None)


@pytest.mark.parametrize(
    ("travel", "flow"), [(250, Flow.FREE), (300, Flow.SLOW), (900, Flow.CONGESTED)]
)
def test_where_only_times_are_told_the_share_of_free_flow_decides(travel, flow):
    [one] = measured(Measured("FX-1", ROAD.at, "", travel, 200))
    assert one.flow is flow


def test_a_travel_time_without_the_free_one_says_nothing_of_the_flow():
    [one] = measured(Measured("FX-1", ROAD.at, "", 300))
    assert (one.flow, one.travel_seconds, one.usual_seconds) == (None, 300, None)


def test_both_together_are_as_old_as_the_older():
    status = Measured("FX-1", NOW, "freeFlow")
    times = Measured("FX-1", NOW - timedelta(minutes=9), "", 200, 200)
    [one] = measured(status, times)
    assert one.measured_at == times.at


def test_of_two_about_the_same_the_newer_stands_in_whatever_order():
    old = Measured("FX-1", NOW - timedelta(minutes=9), "stationary")
    new = Measured("FX-1", NOW, "freeFlow")
    for order in ((old, new), (new, old)):
        [one] = measured(*order)
        assert one.flow is Flow.FREE


def test_a_location_that_nobody_named_is_told_once_by_its_id():
    other = replace(ROAD, location="FX-77")
    reading, unread = measured(ROAD, other)
    assert isinstance(reading, TrafficReading)
    assert (unread.item, unread.reason) == ("FX-77", "LOCATION_UNKNOWN")


def test_a_forecast_is_no_reading():
    assert measured(old=b"<roa:forecastDefault>false", new=b"<roa:forecastDefault>true") == []


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        (b"<roa:duration>300", b"<roa:duration>-1", "travelTime", "VALUE_UNBELIEVABLE"),
        (b"<roa:duration>300", b"<roa:duration>NaN", "travelTime", "VALUE_UNBELIEVABLE"),
        (b"<roa:duration>300", b"<roa:duration>PT5M", "travelTime", "NO_SECONDS"),
        (
            b"<roa:travelTime>",
            b"<roa:travelTime><com:dataError>true</com:dataError>",
            "travelTime",
            "DATA_ERROR",
        ),
        (b"00:29:00+00:00<", b"00:29:00<", "timeValue", "TIME_WITHOUT_ZONE"),
        (b"00:29:00+00:00<", b"late<", "timeValue", "TIME_UNREADABLE"),
        (
            b"00:29:00+00:00<",
            b"00:39:00+00:00<",
            "measurementOrCalculationTime",
            "TIME_IN_FUTURE",
        ),
        (b"timeValue>", b"otherValue>", "measurementOrCalculationTime", "TIME_MISSING"),
        (b' id="FX-1"', b"", "predefinedLocationReference", "LOCATION_NOT_PREDEFINED"),
        (b"pertinentLocation", b"place", "pertinentLocation", "FIELD_MISSING"),
    ],
)
def test_what_cannot_be_believed_is_told_by_its_field(old, new, field, reason):
    timed = replace(ROAD, status="")
    [one] = measured(timed, old=old, new=new)
    assert isinstance(one, TrafficUnread)
    assert (one.field, one.reason) == (field, reason)


def test_the_publications_default_time_stands_in_and_never_when_it_was_sent():
    default = b"<roa:timeDefault>2026-07-20T00:25:00Z</roa:timeDefault><roa:headerInformation>"
    body = elaborated_data(NOW, [replace(ROAD, status="")]).replace(b"timeValue>", b"otherValue>")
    body = body.replace(b"<roa:headerInformation>", default)
    [one] = read_readings(opened(body, elaborated.KIND, NOW), ["FX-1"], NOW)
    assert one.measured_at == NOW - timedelta(minutes=5)


# -- closures -------------------------------------------------------------------------------


def test_a_closed_road_is_a_closure_with_its_times():
    closures, unread = closed()
    [one] = closures.closures
    assert (one.stretch, one.starts_at, one.ends_at) == ("FX-2", WORKS.start, WORKS.end)
    assert (closures.published_at, unread) == (NOW, [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">roadClosed<", b">laneClosures<"),
        (b">mandatory<", b">advisory<"),
        (b">certain<", b">riskOf<"),
        (b">definedByValidityTimeSpec<", b">suspended<"),
        (b">definedByValidityTimeSpec<", b">planned<"),
        (b"sit:RoadOrCarriagewayOrLaneManagement", b"sit:MaintenanceWorks"),
        (
            b"<sit:complianceOption>",
            b"<sit:forVehiclesWithCharacteristicsOf/><sit:complianceOption>",
        ),
        (
            b"<sit:locationReference ",
            b"<sit:management><sit:lifeCycleManagement><sit:cancel>true</sit:cancel>"
            b"</sit:lifeCycleManagement></sit:management><sit:locationReference ",
        ),
    ],
)
def test_what_does_not_keep_every_car_out_is_no_closure(old, new):
    closures, unread = closed(old=old, new=new)
    assert (closures.closures, unread) == ((), [])


def test_active_holds_until_it_is_told_no_more():
    closures, _ = closed(old=b">definedByValidityTimeSpec<", new=b">active<")
    assert closures.closures[0].ends_at is None


def test_nights_and_weekdays_are_not_guessed():
    period = b"<com:validPeriod/></com:validityTimeSpecification>"
    closures, [unread] = closed(old=b"</com:validityTimeSpecification>", new=period)
    assert closures.closures == ()
    assert (unread.item, unread.reason) == ("W-1", "RECURRING_PERIOD")


def test_of_two_versions_of_a_record_the_newer_stands():
    newer = replace(WORKS, version=10, end=NOW + timedelta(hours=9))
    for order in ((WORKS, newer), (newer, WORKS)):
        closures, _ = closed(*order)
        assert [one.ends_at for one in closures.closures] == [newer.end]


def test_a_closed_road_that_nobody_named_is_told():
    closures, [unread] = closed(known=("FX-1",))
    assert closures.closures == ()
    assert (unread.item, unread.reason) == ("FX-2", "LOCATION_UNKNOWN")


# -- documents ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"2026-07-20T00:30:00+00:00</com:pub", b"2026-07-20T00:40:00Z</com:pub", "TIME_IN_FUTURE"),
        (b"2026-07-20T00:30:00+00:00</com:pub", b"</com:pub", "TIME_MISSING"),
        (b"schema/3/d2Payload", b"schema/2/2_0", "NOT_DATEX_II_3"),
        (b"</d2:payload>", b"", "NOT_XML"),
        (b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', "XML_WITH_DTD"),
    ],
)
def test_a_document_that_cannot_be_taken_is_refused_by_name(old, new, reason):
    assert refused(elaborated_data(NOW, [ROAD]).replace(old, new, 1)) == reason


def test_another_publication_is_not_taken_for_the_one_asked_for():
    assert refused(situation_data(NOW, [])) == "NO_ELABORATEDDATAPUBLICATION"


def test_a_document_without_end_is_not_read():
    assert refused(b" " * (5 * 1024 * 1024)) == "TOO_LARGE"


def test_a_payload_inside_a_message_container_is_read():
    body = elaborated_data(NOW, [ROAD]).split(b"\n", 1)[1]
    body = body.replace(b"d2:payload", b"mc:payload").replace(b"xmlns:d2=", b"xmlns:x=")
    container = b'<mc:messageContainer xmlns:mc="http://datex2.eu/schema/3/messageContainer">'
    found = opened(container + body + b"</mc:messageContainer>", elaborated.KIND, NOW)
    assert len(read_readings(found, ["FX-1"], NOW)) == 1


# -- over HTTP ------------------------------------------------------------------------------


def test_all_is_told_every_time_and_sent_once(centre):
    source = source_of(centre)
    for _ in range(2):
        told = list(source.read(NOW))
        kinds = [type(one) for one in told]
        assert kinds == [TrafficStretch, TrafficStretch, TrafficReading, TrafficClosures]
    assert [status for _, status in centre.answers] == [200, 200, 304, 304]


def test_a_centre_without_etags_is_asked_by_when_it_changed(centre):
    centre.tagged = False
    source = source_of(centre)
    source.read(NOW)
    source.read(NOW)
    centre.now[0] = NOW + timedelta(minutes=1)
    source.read(centre.now[0])
    statuses = [status for path, status in centre.answers if path == ELABORATED]
    assert statuses == [200, 304, 200]


def test_a_publication_older_than_the_one_known_is_passed_over_and_told(centre):
    source = source_of(centre)
    source.read(NOW)
    centre.replaced[ELABORATED] = elaborated_data(
        NOW - timedelta(minutes=5), [replace(ROAD, status="stationary")]
    )
    told = list(source.read(NOW))
    assert [one.flow for one in told if isinstance(one, TrafficReading)] == [Flow.SLOW]
    assert [one.reason for one in told if isinstance(one, TrafficUnread)] == ["OLDER_THAN_KNOWN"]


@pytest.mark.parametrize("body", [b"<html></html>", b"", b"<a"])
def test_readings_that_cannot_be_had_are_an_error_and_never_free(centre, body):
    centre.replaced[ELABORATED] = body
    source = source_of(centre)
    for _ in range(2):  # an unchanged document that nobody can read is still none
        with pytest.raises(SourceUnreachable):
            source.read(NOW)
    del centre.replaced[ELABORATED]
    assert len(told_by(source, TrafficReading)) == 1


def test_closures_that_cannot_be_had_are_not_said_to_have_ended(centre):
    source = source_of(centre)
    centre.broken[SITUATIONS] = 503
    told = list(source.read(NOW))
    assert not [one for one in told if isinstance(one, TrafficClosures)]
    assert [one.reason for one in told if isinstance(one, TrafficUnread)] == ["UNREACHABLE"]
    assert [one for one in told if isinstance(one, TrafficReading)]


def test_a_closure_that_is_no_longer_published_has_ended(centre):
    source = source_of(centre)
    centre.closed = list
    [closures] = told_by(source, TrafficClosures)
    assert closures.closures == ()


def test_a_source_without_situations_tells_of_no_closures(centre):
    told = list(source_of(centre, situations_url="").read(NOW))
    assert not [one for one in told if isinstance(one, TrafficClosures)]
    assert [path for path, _ in centre.answers] == [ELABORATED]


def test_what_is_unread_is_bounded(centre):
    centre.measured = lambda: [replace(ROAD, location=f"X-{number}") for number in range(900)]
    told = list(source_of(centre).read(NOW))
    assert len([one for one in told if isinstance(one, TrafficUnread)]) == 200


# -- configuration --------------------------------------------------------------------------


def test_without_configuration_a_demo_has_its_own_source_and_others_none(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    assert [one.id for one in register_traffic()] == ["demo"]
    monkeypatch.setenv("XIANBAN_DEMO", "false")
    assert register_traffic() == []


def test_the_operator_configures_sources_and_what_leads_where(monkeypatch, tmp_path, centre):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    # Where the plugin has a process of its own, it is not let into the own network by itself.
    monkeypatch.setenv("XIANBAN_PLUGIN_PRIVATE_HOSTS", f"127.0.0.1:{centre.port}")
    (tmp_path / "plugins").mkdir()
    table = f"""
[[source]]
id = "a"
url = "{centre.url(ELABORATED)}"
[[source.stretch]]
location = "FX-1"
leads_to = ["lots/fengpu-sports"]
"""
    (tmp_path / "plugins/public-traffic.toml").write_text(table)
    [one] = register_traffic()
    assert (one.id, one.cadence) == ("a", timedelta(minutes=1))
    [road] = told_by(one, TrafficStretch)
    assert (road.id, road.leads_to) == ("FX-1", ("lots/fengpu-sports",))


@pytest.mark.parametrize(
    "table",
    [{"id": "a", "urls": "x"}, {"url": "https://x"}, {"id": "a", "stretch": [{"names": {}}]}],
)
def test_what_is_wrong_in_the_configuration_is_named(table):
    with pytest.raises(ValueError, match="source"):
        configured(table)


def test_in_a_process_of_its_own_it_says_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    monkeypatch.setenv("XIANBAN_PLUGIN_TIERS", "public-traffic=1")
    hooks = build("parking", hookspecs)
    try:
        brought = {one.plugin: one.value for one in hooks.registered("register_traffic")}
        [source] = brought["public-traffic"]
        assert list(source.read(NOW)) == list(DemoSource().read(NOW))
    finally:
        hooks.close()


# -- the demo -------------------------------------------------------------------------------


def test_the_demo_is_thick_at_the_peak_free_at_night_and_calls_itself_a_demo():
    def flows(now):
        return [one.flow for one in told_by(DemoSource(), TrafficReading, now)]

    peak, night = datetime(2026, 7, 20, 0, 0, tzinfo=UTC), datetime(2026, 7, 20, 18, 0, tzinfo=UTC)
    assert {Flow.FREE, Flow.SLOW} <= set(flows(peak))
    assert set(flows(night)) == {Flow.FREE}
    for road in told_by(DemoSource(), TrafficStretch):
        assert "示意" in road.names["zh-CN"]
        assert "demo" in road.names["en"]
    assert told_by(DemoSource(), TrafficUnread) == []


def test_the_demos_works_stand_by_day():
    [closures] = told_by(DemoSource(), TrafficClosures)
    assert {one.stretch for one in closures.closures} == {"FX-08", "FX-09"}
