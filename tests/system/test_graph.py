"""The whole graph of a district: which process's spans follow which other's, over every hop.

A real suite, a process per service, PostgreSQL and RabbitMQ; the collector is the test's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import grpc
import httpx
import pytest
from backing import empty_queues, fresh_database
from collector import Collector, Line, Seen, collecting, eventually
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from suite import Suite
from visitor import Visitor
from wearer import Wristband
from xianban.common.v1 import alerts_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_sdk.demo import person_id
from xianban_sdk.instruments import INSTRUMENTS, Histogram

# What must be there: service and kind of span of both ends of a hop.
GRAPH = {
    # Envoy to pages, to services and to identity's OIDC.
    "edge server → portal server",
    "edge server → identity server",
    "edge server → parking server",
    "edge server → eldercare server",
    # Pages to services, by gRPC and, for tokens, by HTTP.
    "portal client → identity server",
    "portal client → parking server",
    "portal client → eldercare server",
    # Service to service.
    "sensing client → parking server",
    "eldercare client → identity server",
    # MQTT: a wristband's words by the uplink into the domain, and a word back to the wearer.
    "uplink client → sensing server",
    "uplink client → eldercare server",
    "sensing consumer → uplink internal",
    # Outbox, relay, RabbitMQ, inbox.
    "eldercare producer → notify consumer",
    "eldercare producer → sensing consumer",
    "eldercare producer → eldercare consumer",
    # The message centre to its worker by a work queue, and what became of it back.
    "notify producer → notify-worker consumer",
    "notify-worker producer → notify consumer",
}
# Inside one process: what stands between the hops.
INSIDE = {
    "portal server → portal client",
    "eldercare server → eldercare producer",
    "notify consumer → notify producer",
    "notify-worker consumer → notify-worker producer",
    # A channel's plugin, and a plugin in a process of its own.
    "notify-worker consumer → notify-worker internal",
    "eldercare server → eldercare internal",
    "eldercare internal → eldercare client",
    "uplink internal → uplink client",
}
# Depends on what the others have just been told.
PERHAPS = {
    "notify client → identity server",
    "parking client → identity server",
    "sensing client → identity server",
    "uplink client → identity server",
    "identity client → identity server",
    "identity producer → eldercare consumer",
    "identity producer → notify consumer",
    "identity producer → parking consumer",
    "identity producer → sensing consumer",
    "parking producer → sensing consumer",
    "parking producer → notify consumer",
    "notify producer → eldercare consumer",
    "notify client → eldercare server",
    "eldercare client → notify server",
}
_KINDS = {
    OtlpSpan.SPAN_KIND_INTERNAL: "internal",
    OtlpSpan.SPAN_KIND_SERVER: "server",
    OtlpSpan.SPAN_KIND_CLIENT: "client",
    OtlpSpan.SPAN_KIND_PRODUCER: "producer",
    OtlpSpan.SPAN_KIND_CONSUMER: "consumer",
}


@dataclass
class District:
    """A running suite, whoever acts in it, and what its collector got."""

    suite: Suite
    collector: Collector
    # Where database and broker are, as flags.
    backends: tuple[str, ...]

    def doctor(self) -> list[dict[str, str]]:
        """What is broken, by the doctor."""
        said = self.suite.command("doctor", "--json", *self.backends, check=False)
        return [one for one in json.loads(said) if one["level"] == "broken"]

    def edges(self) -> set[str]:
        with self.collector.lock:
            spans = {span.id: span for span in self.collector.spans}
        return {
            f"{_end(spans[span.parent])} → {_end(span)}"
            for span in spans.values()
            if span.parent in spans
        }

    def lost(self) -> list[Seen]:
        """Spans whose parent never came."""
        with self.collector.lock:
            known = {span.id for span in self.collector.spans}
            return [
                s for s in self.collector.spans if s.parent.strip("0") and s.parent not in known
            ]


def _end(span: Seen) -> str:
    return f"{span.service.removeprefix('xianban-')} {_KINDS[span.kind]}"


def _crosses(edge: str) -> bool:
    before, _, after = edge.partition(" → ")
    queued = before.endswith("producer") and after.endswith("consumer")
    return before.split()[0] != after.split()[0] or queued


@pytest.fixture(scope="module")
def district(tmp_path_factory, backends) -> Iterator[District]:
    database, broker = backends
    empty_queues(broker)
    with collecting() as collector:
        where = ("--database", fresh_database(database), "--broker", broker)
        running = Suite(
            tmp_path_factory.mktemp("graph"),
            ("--split", *where, *collector.arguments),
            collector.environment | {"XIANBAN_PLUGIN_TIERS": "eldercare-news2=1"},
        )
        made = District(running, collector, where)
        try:
            running.start()
            _live(made)
            yield made
        finally:
            running.stop()


def _live(district: District) -> None:
    """Somebody reads pages, a wristband speaks, a dispatcher answers, a daughter looks."""
    band = Wristband(district.suite.mqtt_port)
    try:
        for value in (97, 94, 90, 86):
            band.measure(spo2=value)
        band.press("press-1")
        _look_around(district)
        _answer(district.suite)
        with suppress(AssertionError):  # the tests say which edge is missing
            eventually(lambda: district.edges() >= GRAPH | INSIDE, 90, "the graph")
    finally:
        band.close()


def _look_around(district: District) -> None:
    person = Visitor(district.suite.url, "elder")
    for path in ("/parking/find?q=奉浦", "/eldercare"):
        # A machine that is busy elsewhere may say "try again".
        eventually(lambda path=path: person.http.get(path).status_code == 200, what="no page")
    person.close()
    with district.suite.api("resident") as api:
        eventually(lambda: api.get("/lots?pageSize=2").status_code == 200, what="no answer")


def _answer(suite: Suite) -> None:
    """The dispatcher takes the call for help: the wearer reads it."""
    path = f"/residents/{person_id('elder')}/alerts?open=true"
    with suite.api("daughter", "eldercare") as api:

        def called() -> list[dict[str, str]]:
            found = api.get(path).json().get("alerts", [])
            return [one for one in found if one["rule"] == "sos"]

        [alert] = eventually(called, 60, "no call for help")
    token = suite.token("dispatcher", "eldercare")
    request = alerts_pb2.AcknowledgeAlertRequest(name=alert["name"], request_id=str(uuid4()))
    with grpc.insecure_channel(f"unix:{suite.run}/eldercare-safety.sock") as channel:
        AlertServiceStub(channel).AcknowledgeAlert(
            request, metadata=[("authorization", f"Bearer {token}")]
        )


def test_every_hop_of_the_graph_is_there(district: District):
    found = district.edges()
    assert sorted((GRAPH | INSIDE) - found) == []


def test_no_hop_is_there_that_nobody_drew(district: District):
    found = {edge for edge in district.edges() if _crosses(edge)}
    assert sorted(found - GRAPH - PERHAPS) == []


def test_one_trace_leads_from_the_wristband_to_the_channel(district: District):
    delivered = [s for s in district.collector.spans if s.service == "notify-worker"]
    whole = {"uplink", "eldercare", "notify", "notify-worker"}
    traces = [{s.service for s in district.collector.of(one.trace)} for one in delivered]
    assert any(whole <= services for services in traces), traces


def test_every_process_sends_its_lines_and_a_calls_line_is_in_its_trace(district: District):
    processes = {"parking", "eldercare", "identity", "notify", "sensing"}
    processes |= {"portal", "uplink", "notify-worker"}

    def missing() -> set[str]:
        with district.collector.lock:
            return processes - {line.service for line in district.collector.lines}

    eventually(lambda: not missing(), 30, "not every process's line")
    with district.collector.lock:
        calls = {line.trace for line in district.collector.lines if line.fields.get("rpc")}

    def without_span() -> set[str]:
        with district.collector.lock:
            return calls - {span.trace for span in district.collector.spans}

    assert calls
    # A line may come before its span.
    eventually(lambda: not without_span(), 30, "not every call's span")


def test_envoy_tells_what_reached_nobody_by_its_route_alone(district: District):
    path = f"/api/eldercare/residents/{person_id('elder')}/alerts"
    assert httpx.get(f"{district.suite.url}{path}").status_code == 401

    def told() -> list[Line]:
        with district.collector.lock:
            lines = [one for one in district.collector.lines if one.service == "xianban-edge"]
        return [one for one in lines if one.fields["http.response.status_code"] == "401"]

    [line, *_] = eventually(told, 30, "no record")
    assert line.fields["http.route"] == "/api/eldercare"
    assert person_id("elder") not in json.dumps(line.fields)


def test_metrics_come_under_the_names_units_and_labels_of_the_table(district: District):
    with district.collector.lock:
        figures = list(district.collector.figures)
    strange = {
        (one.service, one.name, one.unit, tuple(sorted(one.labels)))
        for one in figures
        if one.name not in INSTRUMENTS
        or one.unit != INSTRUMENTS[one.name].unit
        or not set(one.labels) <= set(INSTRUMENTS[one.name].labels)
    }
    # The libraries' own.
    assert {one for one in strange if not one[1].startswith("otel.")} == set()


# What a suite that is well and has no certificates never measures.
SELDOM = {
    "xianban.certificate.remaining",
    "xianban.plugin.restarts",
    "xianban.relations.asked",
    "xianban.uplink.spooled",
}


def test_every_metric_of_the_table_is_emitted(district: District):
    def missing() -> set[str]:
        with district.collector.lock:
            return set(INSTRUMENTS) - {one.name for one in district.collector.figures} - SELDOM

    with suppress(AssertionError):  # said below, by name
        eventually(lambda: not missing(), 30, "not every metric")
    assert missing() == set()


def test_no_label_says_who(district: District):
    people = {person_id(one) for one in ("elder", "daughter", "resident", "dispatcher")}
    with district.collector.lock:
        said = {json.dumps(one.labels, ensure_ascii=False) for one in district.collector.figures}
    assert [one for one in said if any(person in one for person in people)] == []


def test_a_metric_of_one_service_has_few_series(district: District):
    """A label that takes a value per request would be seen at once."""
    with district.collector.lock:
        series: dict[tuple[str, str], set[str]] = {}
        for one in district.collector.figures:
            labels = json.dumps(one.labels, sort_keys=True)
            series.setdefault((one.service, one.name), set()).add(labels)
    most = {name: len(found) for name, found in series.items() if len(found) > 200}
    assert most == {}
    assert isinstance(INSTRUMENTS["rpc.server.call.duration"], Histogram)


def test_the_doctor_finds_a_running_district_well(district: District):
    eventually(lambda: not district.doctor(), 60, "no clean bill of health")


def test_the_doctor_names_who_is_missing(district: District):
    with district.suite.without("worker-notify"):

        def missed() -> bool:
            told = [(one["about"], one["text"]) for one in district.doctor()]
            return ("notify", "worker: no delivery worker is at work") in told

        eventually(missed, 60, "no word of the worker")
