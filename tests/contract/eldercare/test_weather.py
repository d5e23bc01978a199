"""Weather at an elder's home, and rounds: through the real service, from a real CAP feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import grpc
import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from sqlalchemy import select
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban.eldercare.v1 import weather_pb2 as pb
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban.eldercare.v1.weather_pb2_grpc import WeatherServiceStub
from xianban_eldercare.forewarning import read_source, sweep
from xianban_eldercare.handlers.weather import SourcePlugin, introduce, sources_of
from xianban_eldercare.repository.weather_tables import round_proposal, weather_warning
from xianban_plugin_public_weather.bulletins import cancelled
from xianban_plugin_public_weather.demo import bulletin_of
from xianban_plugin_public_weather.simulator import Simulator, running
from xianban_plugin_public_weather.source import CapSource, SourceFacts
from xianban_sdk.demo import person_id
from xianban_sdk.errors import from_rpc_error
from xianban_sdk.storage import open_unit_of_work

SHUT = {"UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"}
STATION = "organisations/nanqiao"
_numbers = count(1)


class District:
    """Elder care with a weather service that a test writes."""

    def __init__(self, eldercare, simulator):
        self.eldercare, self.simulator = eldercare, simulator
        # Under the demo source's id: it is the one that the loaded plugin brings.
        facts = SourceFacts(
            "demo",
            {"zh-CN": "气象台", "en": "Weather office"},
            simulator.url("/index.atom"),
            timedelta(minutes=5),
            forecasts={"310120": simulator.url("/forecast.json")},
        )
        self.source = SourcePlugin("public-weather", CapSource(facts))
        self.resources = eldercare.service.resources
        opened = open_unit_of_work(
            self.resources.db, clock=self.resources.clock, ids=self.resources.ids
        )
        with opened as uow:
            introduce([self.source], uow=uow)

    @property
    def now(self):
        return self.eldercare.clock.now()

    def hears(self, *bulletins):
        """As the service's own thread would, every few minutes."""
        self.simulator.bulletins = list(bulletins)
        read_source(self.resources, self.source)
        sweep(self.resources)

    def weather(self, person="daughter", **more):
        stub = self.eldercare.as_(person, WeatherServiceStub)
        return stub.GetWeather(pb.GetWeatherRequest(name=f"{ELDER}/weather"), **more)

    def listed(self, person="doctor", **more):
        asked = pb.ListRoundProposalsRequest(parent=STATION, **more)
        return self.eldercare.as_(person, WeatherServiceStub).ListRoundProposals(asked)

    def accept(self, proposal, person="doctor", request_id="", **more):
        facts = {"carer": person_id("carer"), "travel_minutes": 5, **more}
        asked = pb.AcceptRoundProposalRequest(
            name=proposal.name, request_id=request_id or new_id(), **facts
        )
        asked.start_time.FromDatetime(self.now.replace(hour=5, minute=0) + timedelta(days=1))
        return self.eldercare.as_(person, WeatherServiceStub).AcceptRoundProposal(asked)

    def visits(self):
        asked = visits.ListVisitsRequest(parent=ELDER, page_size=200)
        asked.start_time.FromDatetime(self.now - timedelta(days=1))
        asked.end_time.FromDatetime(self.now + timedelta(days=3))
        every = self.eldercare.as_("elder", VisitServiceStub).ListVisits(asked).visits
        return [one for one in every if one.kind == visits.VISIT_KIND_CALL]


def refused(call):
    """The call's refusal."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    error = from_rpc_error(raised.value)
    assert error.code.name in SHUT
    return error


def new_id():
    return f"round-{next(_numbers):06d}"


def called(proposal):
    return pb.RecordRoundCallRequest(
        name=proposal.name, note="精神好，屋里有空调", request_id=new_id()
    )


def dismissed(proposal):
    return pb.DismissRoundProposalRequest(
        name=proposal.name, reason="已住到女儿家", request_id=new_id()
    )


@pytest.fixture
def district(eldercare):
    simulator = Simulator()
    simulator.first_hour = eldercare.clock.now()
    simulator.degrees = [2.0, -3.0, 4.0]
    eldercare.world.member("carer", "carer", [HERE])
    with running(simulator) as served:
        yield District(eldercare, served)


@pytest.fixture
def cold(district):
    """The day's orange cold wave."""
    return bulletin_of(district.now)


@pytest.fixture
def proposed(district, cold):
    """Heard, and the elder is on the station's list."""
    district.hears(cold)
    [one] = district.listed().round_proposals
    return one


class TestGetWeather:
    def test_nobody_is_told_the_weather_of_nobody(self, district):
        assert refused(lambda: district.weather("")).reason == "TOKEN_MISSING"

    @pytest.mark.parametrize("person", ["resident", "operator", "dispatcher"])
    def test_where_an_elder_lives_is_not_everybodys_to_learn(self, district, person):
        refused(lambda: district.weather(person))

    @pytest.mark.parametrize("person", ["elder", "daughter", "carer", "doctor"])
    def test_the_elders_side_and_the_station_read_it(self, district, cold, person):
        district.hears(cold)
        assert [one.hazard for one in district.weather(person).warnings] == [pb.WEATHER_HAZARD_COLD]

    def test_a_warning_is_told_in_plain_words_with_source_and_time(self, district, cold):
        district.hears(cold)
        told = district.weather()
        [one] = told.warnings
        assert one.title == "Cold warning, orange"
        assert one.headline.startswith("[Demo] Cold wave")
        assert one.instruction
        assert one.source_display == "Weather office"
        assert one.sent_time.seconds == int(cold.sent.timestamp())
        assert told.sentence == "Cold warning, orange, is in force."
        assert told.knowledge == pb.WEATHER_KNOWLEDGE_KNOWN

    def test_the_coming_day_is_told_as_it_is_felt(self, district):
        district.hears()
        foreseen = district.weather().forecast
        assert (foreseen.low_celsius, foreseen.high_celsius) == (-3.0, 4.0)
        assert foreseen.apparent_low_celsius == pytest.approx(-6.3)

    def test_no_warning_is_said_with_the_time_of_reading(self, district):
        district.hears()
        assert "No weather warning is in force (read " in district.weather().sentence

    def test_a_source_that_was_never_read_says_so(self, district):
        told = district.weather()
        assert told.knowledge == pb.WEATHER_KNOWLEDGE_UNKNOWN
        assert "never read" in told.sentence

    def test_a_source_that_is_away_for_an_hour_is_not_no_warning(self, district):
        district.hears()
        district.simulator.broken["/index.atom"] = 503
        district.eldercare.clock.advance(timedelta(minutes=61))
        district.hears()
        told = district.weather()
        assert told.knowledge == pb.WEATHER_KNOWLEDGE_UNKNOWN
        assert "is not known" in told.sentence
        assert told.sources[0].silent

    def test_a_warning_stands_while_its_source_is_away(self, district, cold):
        district.hears(cold)
        district.simulator.broken["/index.atom"] = 503
        district.eldercare.clock.advance(timedelta(hours=2))
        district.hears(cold)
        told = district.weather()
        assert len(told.warnings) == 1
        assert told.sentence.startswith("Cold warning, orange, is in force.")
        assert "is not known" in told.sentence

    def test_it_ends_when_it_expires(self, district, cold):
        district.hears(cold)
        district.eldercare.clock.advance(cold.expires - district.now)
        district.hears(cold)
        assert not district.weather().warnings

    def test_it_ends_when_it_is_cancelled_also_if_that_was_heard_first(self, district, cold):
        gone = cancelled(cold, "gone", district.now)
        district.hears(gone)
        district.hears(cold, gone)
        assert not district.weather().warnings

    def test_an_update_takes_the_place_of_what_it_quotes(self, district, cold):
        district.hears(cold)
        milder = replace(
            cold, identifier="milder", kind="Update", references=(cold.reference,), severity="Minor"
        )
        words = {
            name: replace(one, event=one.event.replace("橙色", "蓝色").replace("orange", "blue"))
            for name, one in cold.words.items()
        }
        district.hears(cold, replace(milder, words=words))
        assert [one.level for one in district.weather().warnings] == [pb.WARNING_LEVEL_BLUE]

    def test_an_exercise_is_told_to_nobody(self, district, cold):
        district.hears(replace(cold, status="Exercise"))
        assert not district.weather().warnings
        assert not district.listed().round_proposals

    def test_a_warning_for_elsewhere_is_not_for_here(self, district, cold):
        district.hears(replace(cold, codes=("320100",)))
        assert not district.weather().warnings

    def test_the_same_message_is_one_warning_however_often_it_is_read(self, district, cold):
        for _ in range(3):
            district.hears(cold)
        with district.resources.db.read() as conn:
            assert len(conn.execute(select(weather_warning)).all()) == 1


class TestWithoutAWeatherService:
    def test_the_service_goes_on_and_says_that_warnings_are_not_connected(self, eldercare):
        hooks = eldercare.service.resources.hooks
        assert [one.source.id for one in sources_of(hooks)] == ["demo"]  # of register_weather
        hooks.let_go("public-weather")
        stub = eldercare.as_("daughter", WeatherServiceStub)
        told = stub.GetWeather(pb.GetWeatherRequest(name=f"{ELDER}/weather"))
        assert told.knowledge == pb.WEATHER_KNOWLEDGE_NOT_CONNECTED
        assert "not connected" in told.sentence


class TestListRoundProposals:
    @pytest.mark.parametrize("person", ["", "elder", "daughter", "carer", "operator"])
    def test_only_who_answers_for_the_station_reads_its_list(self, district, person):
        refused(lambda: district.listed(person))

    def test_a_frail_elder_alone_is_proposed_with_reasons(self, proposed):
        assert proposed.resident == ELDER
        assert proposed.how == pb.ROUND_HOW_VISIT
        assert proposed.level == pb.WARNING_LEVEL_ORANGE
        assert "Lives alone (2)" in proposed.reasons
        assert any("I10" in one for one in proposed.reasons)
        assert proposed.contact_phone

    def test_the_list_says_what_is_known_of_the_weather(self, district, cold):
        assert district.listed().knowledge == pb.WEATHER_KNOWLEDGE_UNKNOWN
        district.hears(cold)
        told = district.listed()
        assert told.knowledge == pb.WEATHER_KNOWLEDGE_KNOWN
        assert len(told.warnings) == 1

    def test_the_same_warning_proposes_once(self, district, cold):
        for _ in range(3):
            district.hears(cold)
        assert len(district.listed(all=True).round_proposals) == 1

    def test_a_second_warning_of_the_same_hazard_joins_the_first(self, district, cold):
        city = replace(cold, identifier="city", codes=("310000",))
        district.hears(cold, city)
        assert len(district.listed(all=True).round_proposals) == 1

    def test_a_cancelled_warning_withdraws_what_was_not_begun(self, district, cold, proposed):
        district.hears(cold, cancelled(cold, "gone", district.now))
        assert not district.listed().round_proposals
        [one] = district.listed(all=True).round_proposals
        assert one.state == pb.ROUND_PROPOSAL_STATE_WITHDRAWN

    def test_an_expired_warning_withdraws_without_any_message(self, district, cold, proposed):
        district.eldercare.clock.advance(cold.expires - district.now)
        sweep(district.resources)
        assert not district.listed().round_proposals

    def test_a_station_elsewhere_has_another_list(self, district, proposed):
        asked = pb.ListRoundProposalsRequest(parent="organisations/fengpu-home")
        stub = district.eldercare.as_("operator", WeatherServiceStub)
        assert ELSEWHERE
        assert not stub.ListRoundProposals(asked).round_proposals


class TestAcceptRoundProposal:
    @pytest.mark.parametrize("person", ["", "elder", "daughter", "carer", "operator"])
    def test_only_the_stations_manager_sends_somebody(self, district, proposed, person):
        refused(lambda: district.accept(proposed, person))
        assert not district.visits()

    def test_a_visit_is_planned_with_what_to_look_at(self, district, proposed):
        one = district.accept(proposed)
        assert one.state == pb.ROUND_PROPOSAL_STATE_ACCEPTED
        [visit] = district.visits()
        assert visit.name == one.visit
        assert len(visit.tasks) == 4

    def test_asked_twice_it_is_one_visit(self, district, proposed):
        first = district.accept(proposed, request_id="the-same-one")
        assert district.accept(proposed, request_id="the-same-one") == first
        assert refused(lambda: district.accept(proposed)).reason == "ROUND_ACCEPTED"
        assert len(district.visits()) == 1

    def test_a_carer_who_is_not_free_leaves_the_proposal_open(self, district, proposed):
        assert refused(lambda: district.accept(proposed, carer=person_id("teacher")))
        assert len(district.listed().round_proposals) == 1
        assert not district.visits()

    def test_a_visit_that_was_planned_outlives_its_warning(self, district, cold, proposed):
        district.accept(proposed)
        district.hears(cold, cancelled(cold, "gone", district.now))
        [visit] = district.visits()
        assert visit.state == visits.VISIT_STATE_PLANNED

    def test_who_was_looked_after_is_not_proposed_again_that_day(self, district, cold, proposed):
        district.accept(proposed)
        district.hears(cold, replace(cold, identifier="another"))
        assert not district.listed().round_proposals

    def test_a_worse_warning_proposes_again(self, district, cold, proposed):
        district.accept(proposed)
        words = {
            name: replace(one, event=one.event.replace("橙色", "红色").replace("orange", "red"))
            for name, one in cold.words.items()
        }
        red = replace(cold, identifier="red", severity="Extreme", words=words)
        district.hears(cold, red)
        [one] = district.listed().round_proposals
        assert one.level == pb.WARNING_LEVEL_RED


class TestRecordRoundCall:
    @pytest.mark.parametrize("person", ["", "elder", "daughter", "carer", "operator"])
    def test_only_the_station_writes_down_a_call(self, district, proposed, person):
        stub = district.eldercare.as_(person, WeatherServiceStub)
        refused(lambda: stub.RecordRoundCall(called(proposed)))

    def test_how_they_were_is_kept_encrypted_with_who_rang(self, district, proposed):
        stub = district.eldercare.as_("doctor", WeatherServiceStub)
        one = stub.RecordRoundCall(called(proposed))
        assert one.state == pb.ROUND_PROPOSAL_STATE_CALLED
        assert one.note == "精神好，屋里有空调"
        assert not district.listed().round_proposals
        assert round_proposal.c.note.type.__class__.__name__ == "Encrypted"


class TestDismissRoundProposal:
    @pytest.mark.parametrize("person", ["", "elder", "daughter", "carer", "operator"])
    def test_only_the_station_takes_somebody_off_its_list(self, district, proposed, person):
        stub = district.eldercare.as_(person, WeatherServiceStub)
        refused(lambda: stub.DismissRoundProposal(dismissed(proposed)))

    def test_it_says_why_and_stays_off_the_list(self, district, cold, proposed):
        stub = district.eldercare.as_("doctor", WeatherServiceStub)
        stub.DismissRoundProposal(dismissed(proposed))
        district.hears(cold)
        assert not district.listed().round_proposals
        [one] = district.listed(all=True).round_proposals
        assert one.note == "已住到女儿家"
        again = refused(lambda: stub.DismissRoundProposal(dismissed(proposed)))
        assert again.reason == "ROUND_DISMISSED"
