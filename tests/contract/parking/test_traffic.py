"""交通实况 in parking: the way to a car park from a control centre, over HTTP, into guidance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from refusals import refused
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban.parking.v1 import traffic_pb2
from xianban.parking.v1.traffic_pb2_grpc import TrafficServiceStub
from xianban_parking import loops
from xianban_parking.handlers import traffic
from xianban_parking.hookspecs import TrafficReading, TrafficStretch
from xianban_plugin_public_traffic.simulator import ELABORATED, SITUATIONS, Simulator, running
from xianban_plugin_public_traffic.source import DatexSource, SourceFacts
from xianban_plugin_public_traffic.writing import Closed, Measured

MINUTE = timedelta(minutes=1)
STRETCHES = (
    TrafficStretch("R-1", {"zh-CN": "一号路", "en": "Road One"}, ("lots/a", "lots/gone")),
    TrafficStretch("R-2", {"zh-CN": "二号路", "en": "Road Two"}, ("lots/b", "schools/x")),
)


class Centre:
    """Parking with a control centre that a test writes."""

    def __init__(self, parking, served):
        self.parking, self.served = parking, served
        self.measured, self.closed = [], []
        served.measured = lambda: self.measured
        served.closed = lambda: self.closed
        served.published_at = parking.clock.now
        self.resources = parking.service.resources
        [self.found] = traffic.sources_of(self.resources.hooks)
        self.introduce([self.found])

    @property
    def now(self):
        return self.parking.clock.now()

    def introduce(self, found):
        with self.parking.unit() as uow:
            traffic.introduce([traffic.row_of(one) for one in found], uow=uow)

    def reads(self):
        """As the service's own loop would, every minute."""
        loops.read_traffic_once(self.resources, self.found)

    def tells(self, *told):
        with self.parking.unit() as uow:
            traffic.keep("sim", [*STRETCHES, *told], uow=uow)

    def flows(self, road="R-1", status="slow", travel=300, free=200, ago=timedelta()):
        self.measured = [
            *(one for one in self.measured if one.location != road),
            Measured(road, self.now - ago, status, travel, free),
        ]
        self.reads()

    def closes(self, road="R-1", **more):
        start = self.now - timedelta(hours=1)
        self.closed = [replace(Closed("W", road, start, self.now + timedelta(hours=2)), **more)]
        self.reads()

    def way(self, lot="a", locale="en"):
        asked = rpc.GetLotRequest(name=f"lots/{lot}")
        found = self.parking.people("", locale=locale).GetLot(asked)
        return found.approach if found.HasField("approach") else None

    def find(self, **wish):
        asked = rpc.FindParkingRequest(query="Fengpu", **wish)
        return self.parking.people("").FindParking(asked)

    def sources(self, person="operator"):
        stub = self.parking.service.stub(TrafficServiceStub, person, locale="en")
        return stub.ListTrafficSources(traffic_pb2.ListTrafficSourcesRequest()).traffic_sources


@pytest.fixture
def served():
    with running(Simulator()) as made:
        yield made


@pytest.fixture
def plugin(plugin, served):
    """Before the service starts: capabilities are read once."""
    facts = SourceFacts(
        "sim",
        {"zh-CN": "交通中心", "en": "Centre"},
        served.url(ELABORATED),
        MINUTE,
        STRETCHES,
        served.url(SITUATIONS),
    )
    plugin.traffic.append(DatexSource(facts))
    return plugin


@pytest.fixture
def centre(parking, served, relations):
    relations.member("operator", "parking-operator", ["310120/nanqiao"])
    parking.add_lot("b", latitude=30.9405, longitude=121.4605)
    made = Centre(parking, served)
    made.reads()
    return made


def names(found):
    return [one.lot.name for one in found.options]


class TestTheWayToALot:
    def test_it_comes_with_age_verdict_and_the_roads_name_in_the_readers_language(self, centre):
        centre.flows(ago=MINUTE)
        way = centre.way()
        assert (way.flow, way.verdict) == (pb.TRAFFIC_FLOW_SLOW, pb.VERDICT_FRESH)
        assert (way.age_seconds, way.drive_seconds, way.usual_drive_seconds) == (60, 300, 200)
        assert (way.way_display_name, centre.way(locale="zh-CN").way_display_name) == (
            "Road One",
            "一号路",
        )

    def test_a_list_says_it_too(self, centre):
        centre.flows()
        lots = centre.parking.people("").ListLots(rpc.ListLotsRequest()).lots
        assert [one.approach.flow for one in lots if one.name == "lots/a"] == [pb.TRAFFIC_FLOW_SLOW]

    def test_what_nobody_tells_any_more_grows_stale_and_has_no_value(self, centre):
        centre.flows()
        centre.measured = []
        for minutes, verdict in ((3, "LATE"), (3, "STALE"), (30, "SILENT")):
            centre.parking.clock.advance(minutes * MINUTE)
            centre.reads()
            way = centre.way()
            assert pb.Verdict.Name(way.verdict) == f"VERDICT_{verdict}"
            live = verdict == "LATE"
            assert (way.flow == pb.TRAFFIC_FLOW_SLOW) == live
            assert way.HasField("drive_seconds") == live
            assert way.age_seconds > 0

    def test_an_older_reading_never_takes_the_place_of_a_newer(self, centre):
        centre.flows()
        centre.tells(TrafficReading("R-1", centre.now - MINUTE, None, 900, 200))
        assert centre.way().drive_seconds == 300

    def test_the_same_again_changes_nothing(self, centre):
        centre.flows()
        before = centre.way()
        centre.reads()
        assert centre.way() == before

    def test_a_road_without_a_reading_says_that_nobody_knows(self, centre):
        way = centre.way("b")
        assert way.verdict == pb.VERDICT_SILENT
        assert not way.flow
        assert not way.HasField("observe_time")

    def test_a_lot_to_which_no_road_is_named_says_nothing(self, centre):
        centre.parking.add_lot("c")
        assert centre.way("c") is None


class TestClosures:
    def test_a_closed_road_is_said_with_when_it_opens(self, centre):
        centre.flows()
        centre.closes()
        way = centre.way()
        assert way.flow == pb.TRAFFIC_FLOW_CLOSED
        end = centre.now + timedelta(hours=2)
        assert way.reopen_time.ToSeconds() == int(end.timestamp())

    def test_it_ends_by_its_own_clock_though_the_centre_is_away(self, centre):
        centre.closes()
        centre.served.broken = {ELABORATED: 503, SITUATIONS: 503}
        centre.parking.clock.advance(timedelta(hours=3))
        centre.reads()
        assert centre.way().flow != pb.TRAFFIC_FLOW_CLOSED

    def test_it_stands_while_closures_cannot_be_had(self, centre):
        centre.closes()
        centre.served.broken = {SITUATIONS: 503}
        centre.parking.clock.advance(MINUTE)
        centre.reads()
        assert centre.way().flow == pb.TRAFFIC_FLOW_CLOSED
        assert centre.sources()[0].complaints[0].reason == "UNREACHABLE"

    def test_it_has_ended_when_it_is_no_longer_published(self, centre):
        centre.closes()
        centre.closed = []
        centre.parking.clock.advance(MINUTE)
        centre.reads()
        assert centre.way().flow != pb.TRAFFIC_FLOW_CLOSED


class TestFindParking:
    def test_a_jam_on_the_way_changes_the_order_and_the_parts_say_so(self, centre):
        near, far = names(centre.find())
        centre.flows("R-1", "freeFlow", 100, 100)
        centre.flows("R-2", "queuing", 1900, 100)
        centre.flows("R-1" if far == "lots/a" else "R-2", "freeFlow", 100, 100)
        centre.flows("R-1" if near == "lots/a" else "R-2", "queuing", 1900, 100)
        found = centre.find()
        assert names(found) == [far, near]
        for one in found.options:
            assert [part.key for part in one.parts] == ["walk", "price", "chance", "way"]
            assert one.score == pytest.approx(sum(part.value for part in one.parts), abs=0.01)

    def test_who_arrives_later_is_not_sent_by_what_is_now(self, centre):
        centre.flows(status="queuing", travel=1900)
        asked = rpc.FindParkingRequest(query="Fengpu")
        asked.arrive_time.FromDatetime(centre.now + timedelta(hours=5))
        found = centre.parking.people("").FindParking(asked)
        assert {part.key for one in found.options for part in one.parts} == {
            "walk",
            "price",
            "chance",
        }

    def test_what_cannot_be_reached_is_left_out_and_said(self, centre):
        centre.closes("R-2")
        found = centre.find()
        assert names(found) == ["lots/a"]
        [left] = found.left_out
        assert (left.lot.name, left.reason) == ("lots/b", "road_closed")
        assert left.lot.approach.flow == pb.TRAFFIC_FLOW_CLOSED

    def test_a_stale_reading_has_no_say(self, centre):
        before = names(centre.find())
        centre.flows("R-1", "queuing", 1900, 100, ago=10 * MINUTE)
        centre.flows("R-2", "queuing", 1900, 100, ago=10 * MINUTE)
        found = centre.find()
        assert names(found) == before
        assert found.traffic_connected

    def test_without_a_source_it_says_that_nobody_tells_of_traffic(self, centre):
        centre.flows()
        centre.introduce([])
        found = centre.find()
        assert not found.traffic_connected
        assert len(found.options) == 2
        assert not any(one.lot.HasField("approach") for one in found.options)


class TestListTrafficSources:
    @pytest.mark.parametrize("person", ["resident", "doctor"])
    def test_it_is_for_operators(self, centre, person):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            centre.sources("")
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            centre.sources(person)

    def test_unknown_locations_and_lots_are_told_by_their_ids(self, centre):
        centre.measured = [Measured("X-9", centre.now, "slow")]
        centre.parking.clock.advance(MINUTE)
        centre.reads()
        [source] = centre.sources()
        assert source.display_name == "Centre"
        assert {(one.item, one.reason) for one in source.complaints} == {
            ("X-9", "LOCATION_UNKNOWN"),
            ("lots/gone", "LOT_UNKNOWN"),
        }
        assert source.complaint_count == 2

    def test_a_centre_that_is_away_says_so_and_what_it_told_grows_old(self, centre):
        centre.flows()
        centre.served.broken = {ELABORATED: 503}
        centre.parking.clock.advance(30 * MINUTE)
        centre.reads()
        [source] = centre.sources()
        assert "503" in source.last_error
        assert source.verdict == pb.VERDICT_SILENT
        assert centre.way().verdict == pb.VERDICT_SILENT

    def test_it_is_well_again_when_it_answers(self, centre):
        centre.served.broken = {ELABORATED: 503}
        centre.reads()
        centre.served.broken = {}
        centre.reads()
        [source] = centre.sources()
        assert (source.last_error, source.verdict) == ("", pb.VERDICT_FRESH)

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            ({"stretch": "Z"}, "LOCATION_UNKNOWN"),
            ({"travel_seconds": -5}, "VALUE_UNBELIEVABLE"),
            ({"travel_seconds": 10**9}, "VALUE_UNBELIEVABLE"),
            ({"flow": "flying"}, "VALUE_UNKNOWN"),
        ],
    )
    def test_a_plugin_that_lies_loses_only_its_own_say(self, centre, told, reason):
        good = TrafficReading("R-2", centre.now, None, 60, 60)
        bad = replace(TrafficReading("R-1", centre.now), **told)
        centre.tells(bad, good)
        assert reason in [one.reason for one in centre.sources()[0].complaints]
        assert centre.way("b").drive_seconds == 60
