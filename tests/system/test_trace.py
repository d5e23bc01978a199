"""One trace id from the gateway to the consumer behind the broker, in spans and in log lines."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from backing import empty_queues, fresh_database
from collector import collecting, eventually
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from suite import Suite
from visitor import Visitor
from xianban_sdk.clock import SHANGHAI

LOT = "fengpu-beauty-valley"
_HIDDEN = re.compile(r'name="(csrf|request_id)" value="([^"]*)"')
RESERVE = "xianban.parking.v1.ParkingService/CreateReservation"
PUBLISH = "publish parking.v1.message_requested"
CONSUME = "consume parking.v1.message_requested"


@pytest.fixture(scope="module")
def collector():
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def traced(tmp_path_factory, backends, collector):
    database, broker = backends
    empty_queues(broker)
    arguments = ("--split", "--database", fresh_database(database), "--broker", broker)
    running = Suite(
        tmp_path_factory.mktemp("traced"),
        (*arguments, *collector.arguments),
        collector.environment,
    )
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def reserved(traced, collector):
    """The spans of one reservation made on the portal's page, when the last has come."""
    person = Visitor(traced.url, "resident")
    answer = person.http.post(
        f"/parking/lots/{LOT}/reserve", data=_form(person), follow_redirects=False
    )
    person.close()
    assert answer.status_code == 303, answer.text[:2000]
    call = eventually(lambda: collector.named(RESERVE))[0]
    eventually(lambda: [span for span in collector.of(call.trace) if span.name == CONSUME])
    # Envoy and the portal send theirs at their own pace.
    eventually(lambda: [s for s in collector.of(call.trace) if s.service == "xianban-edge"])
    eventually(lambda: [s for s in collector.of(call.trace) if s.name == "POST portal"])
    return collector.of(call.trace)


def _form(person: Visitor) -> dict[str, str]:
    page = person.http.get(f"/parking/lots/{LOT}").text
    start = datetime.now(SHANGHAI) + timedelta(hours=3)
    return dict(_HIDDEN.findall(page)) | {
        "vehicle": "沪A12345",
        "start_time": start.strftime("%Y-%m-%dT%H:%M"),
        "end_time": (start + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"),
    }


def test_the_way_from_gateway_to_consumer_is_one_chain_of_spans(reserved):
    spans = {span.id: span for span in reserved}
    consumed = next(s for s in reserved if s.name == CONSUME and s.service == "notify")
    way = [consumed]
    while way[-1].parent in spans:
        way.append(spans[way[-1].parent])
    assert [(span.service, span.name) for span in way[:3]] == [
        ("notify", CONSUME),
        ("parking", PUBLISH),
        ("parking", RESERVE),
    ]
    assert [(span.service, span.name) for span in way[3:5]] == [
        ("portal", f"/{RESERVE}"),
        ("portal", "POST portal"),
    ]
    assert way[5].service == "xianban-edge"
    assert not way[5].parent.strip("0")


def test_each_end_of_a_hop_says_which_end_it_is(reserved):
    kinds = {span.name: span.kind for span in reserved}
    assert kinds[CONSUME] == OtlpSpan.SPAN_KIND_CONSUMER
    assert kinds[PUBLISH] == OtlpSpan.SPAN_KIND_PRODUCER
    assert kinds[RESERVE] == OtlpSpan.SPAN_KIND_SERVER
    assert kinds[f"/{RESERVE}"] == OtlpSpan.SPAN_KIND_CLIENT
    assert kinds["POST portal"] == OtlpSpan.SPAN_KIND_SERVER


def test_log_lines_carry_the_same_trace_id(traced, reserved):
    lines = _lines(traced.data / "logs" / "parking.log")
    ours = [line for line in lines if line.get("trace_id") == reserved[0].trace]
    assert any(line.get("rpc") == "CreateReservation" for line in ours)


def _lines(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines() if line[:1] == "{"]
