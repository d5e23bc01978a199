"""The responders' plugin against its broker, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from xianban_eldercare import hookspecs
from xianban_plugin_public_responders.demo import DemoSource, entities_at
from xianban_plugin_public_responders.entities import read_one
from xianban_plugin_public_responders.plugin import configured, register_responders
from xianban_plugin_public_responders.simulator import Simulator, running
from xianban_plugin_public_responders.source import BrokerSource, SourceFacts
from xianban_sdk.plugins import build
from xianban_sdk.public.responders import Responder, ResponderUnread, Skill
from xianban_sdk.pulling import SourceUnreachable

NOW = datetime(2026, 7, 20, 2, 30, tzinfo=UTC)


@pytest.fixture
def broker():
    made = Simulator(lambda: entities_at(NOW))
    with running(made):
        yield made


def source_of(broker):
    return BrokerSource(SourceFacts("sim", {"en": "Sim"}, broker.url, timedelta(seconds=30)))


def changed(**attributes):
    entity = entities_at(NOW)[0] | attributes
    return read_one(entity, "Responder", NOW)


def location(**more):
    return entities_at(NOW)[0]["location"] | more


def prop(value):
    return {"type": "Property", "value": value}


# -- entities -------------------------------------------------------------------------------


def test_an_entity_is_a_responder_with_skills_duty_and_position():
    one = changed(telephone=prop("13800000000"))
    assert isinstance(one, Responder)
    assert (one.name, one.skills, one.state) == ("演示急救一组", (Skill.FIRST_AID,), "free")
    assert one.on_duty_from <= NOW < one.on_duty_until
    assert one.position.observed_at == NOW - timedelta(minutes=1)
    assert one.position.latitude == pytest.approx(30.9195, abs=0.002)
    assert (one.position.accuracy_m, one.phone) == (12.0, "13800000000")


def test_a_list_of_one_skill_may_be_written_as_the_skill():
    assert changed(skills=prop("fire")).skills == (Skill.FIRE,)


def test_a_skill_that_is_not_known_is_passed_over():
    assert changed(skills=prop(["fire", "juggling"])).skills == (Skill.FIRE,)


def test_without_a_location_nobody_knows_where_they_are():
    assert changed(location=None).position is None


@pytest.mark.parametrize(
    ("attributes", "field", "reason"),
    [
        ({"id": "7"}, "id", "NO_URN"),
        ({"type": "Vehicle"}, "type", "TYPE_UNKNOWN"),
        ({"name": "李强"}, "name", "NOT_NORMALISED"),
        ({"name": prop(" ")}, "name", "NO_TEXT_OF_128"),
        ({"status": prop("asleep")}, "status", "VALUE_UNKNOWN"),
        ({"skills": prop([])}, "skills", "NOT_1_TO_8"),
        ({"dutyStart": prop("2026-07-20T00:00:00")}, "dutyStart", "TIME_WITHOUT_ZONE"),
        ({"dutyEnd": prop("2020-07-20T00:00:00Z")}, "dutyEnd", "BEFORE_DUTY_START"),
        ({"location": location(datum=prop("GCJ-02"))}, "location.datum", "DATUM_NOT_WGS84"),
        ({"location": location(observedAt=None)}, "location.observedAt", "TIME_UNREADABLE"),
        (
            {"location": location(observedAt="2026-07-20T02:40:00Z")},
            "location.observedAt",
            "TIME_IN_FUTURE",
        ),
        (
            {"location": location(value={"type": "Point", "coordinates": [30.9, 121.4]})},
            "location.value.coordinates",
            "NO_COORDINATES",
        ),
        ({"location": location(value={"type": "Polygon"})}, "location.value", "NO_POINT"),
        ({"location": location(accuracy=prop(-1))}, "location.accuracy", "NO_METRES"),
    ],
)
def test_what_cannot_be_believed_is_refused_by_its_attribute(attributes, field, reason):
    one = changed(**attributes)
    assert isinstance(one, ResponderUnread)
    assert (one.field, one.reason) == (field, reason)


@pytest.mark.parametrize("entity", [None, [], "x", {}])
def test_what_is_no_entity_is_unread(entity):
    assert isinstance(read_one(entity, "Responder", NOW), ResponderUnread)


# -- over HTTP ------------------------------------------------------------------------------


def test_all_are_told_every_time_and_sent_once(broker):
    source = source_of(broker)
    assert len(list(source.read(NOW))) == 6
    assert len(list(source.read(NOW))) == 6
    assert broker.answers == [(0, 200), (0, 304)]


def test_more_than_a_page_is_fetched_page_by_page(broker):
    one = entities_at(NOW)[0]
    broker.entities = lambda: [one | {"id": f"urn:x:{number}"} for number in range(150)]
    assert len(list(source_of(broker).read(NOW))) == 150
    assert broker.answers == [(0, 200), (100, 200)]


def test_a_list_without_end_is_an_error(broker):
    broker.entities = lambda: entities_at(NOW)[:1] * 600
    with pytest.raises(SourceUnreachable, match="more than 500"):
        source_of(broker).read(NOW)


@pytest.mark.parametrize("instead", [(503, b""), (200, b"{}"), (200, b"<html>")])
def test_a_broker_that_does_not_answer_with_entities_is_an_error_and_no_empty_list(broker, instead):
    source, broker.instead = source_of(broker), instead
    for _ in range(2):
        with pytest.raises(SourceUnreachable):
            source.read(NOW)
    broker.instead = None
    assert len(list(source.read(NOW))) == 6


def test_one_that_cannot_be_read_does_not_cost_the_others(broker):
    broken = entities_at(NOW)[0] | {"status": None}
    broker.entities = lambda: [broken, *entities_at(NOW)[1:]]
    told = list(source_of(broker).read(NOW))
    assert [type(one) for one in told] == [ResponderUnread] + [Responder] * 5


# -- configuration --------------------------------------------------------------------------


def test_without_configuration_a_demo_has_its_own_source_and_others_none(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    assert [one.id for one in register_responders()] == ["demo"]
    monkeypatch.setenv("XIANBAN_DEMO", "false")
    assert register_responders() == []


def test_the_operator_configures_sources(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    (tmp_path / "plugins").mkdir()
    table = '[[source]]\nid = "a"\nurl = "https://broker.example/ngsi-ld/v1/entities"\n'
    (tmp_path / "plugins/public-responders.toml").write_text(table)
    [one] = register_responders()
    assert (one.id, one.cadence) == ("a", timedelta(seconds=30))


def test_in_a_process_of_its_own_it_says_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    monkeypatch.setenv("XIANBAN_PLUGIN_TIERS", "public-responders=1")
    hooks = build("eldercare", hookspecs)
    try:
        brought = {one.plugin: one.value for one in hooks.registered("register_responders")}
        [source] = brought["public-responders"]
        assert list(source.read(NOW)) == list(DemoSource().read(NOW))
    finally:
        hooks.close()


@pytest.mark.parametrize("table", [{"id": "a", "urls": "x"}, {"url": "https://x"}])
def test_what_is_wrong_in_the_configuration_is_named(table):
    with pytest.raises(ValueError, match="source"):
        configured(table)


def test_everybody_of_the_demo_is_called_a_demo():
    for one in DemoSource().read(NOW):
        assert isinstance(one, Responder)
        assert "演示" in one.name
