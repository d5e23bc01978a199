"""What is measured, and how a service's own tables are looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event as Gate
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk import instruments, telemetry
from xianban_sdk.clock import ManualClock
from xianban_sdk.exporting import http_endpoint
from xianban_sdk.http_traced import Traced
from xianban_sdk.ids import UlidIds
from xianban_sdk.instruments import INSTRUMENTS, Gauge, prometheus_name
from xianban_sdk.messaging import MemoryBus, Relay
from xianban_sdk.observed import figures_of, observe_database
from xianban_sdk.rpc.pool import Pool
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, open_unit_of_work

# A process has one provider of metrics.
_READER = InMemoryMetricReader()
telemetry.add_metric_reader(_READER, "test")
HOUR = timedelta(hours=1)


def seen(name: str) -> dict[tuple[tuple[str, Any], ...], float]:
    """The points of a metric now, by their labels."""
    data = _READER.get_metrics_data()
    points: dict[tuple[tuple[str, Any], ...], float] = {}
    for resource in data.resource_metrics if data else ():
        for metric in (one for scope in resource.scope_metrics for one in scope.metrics):
            if metric.name == name:
                for point in metric.data.data_points:
                    value = getattr(point, "value", None)
                    count = getattr(point, "count", 0)
                    labels = tuple(sorted(dict(point.attributes or {}).items()))
                    points[labels] = count if value is None else value
    return points


def emit(database: Database, clock: ManualClock) -> None:
    with open_unit_of_work(database, clock=clock, ids=UlidIds(clock)) as uow:
        uow.emit(MessageRequested(), aggregate="a")
        uow.audit("Look", "p-1")
        uow.schedule("late", "a", clock.now() - HOUR)


def test_the_table_has_each_name_once_with_unit_and_meaning() -> None:
    assert len({prometheus_name(one) for one in INSTRUMENTS.values()}) == len(INSTRUMENTS)
    assert all(one.unit and one.meaning.endswith(".") for one in INSTRUMENTS.values())


def test_no_label_is_a_persons_or_a_devices() -> None:
    labels = {label for one in INSTRUMENTS.values() for label in one.labels}
    assert not labels & {"person", "actor", "subject", "recipient", "device", "trace_id"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rpc.server.call.duration", "rpc_server_call_duration_seconds"),
        ("process.cpu.time", "process_cpu_time_seconds_total"),
        ("process.memory.usage", "process_memory_usage_bytes"),
        ("xianban.notify.deliveries", "xianban_notify_deliveries_total"),
        ("xianban.dependency.up", "xianban_dependency_up_ratio"),
        ("db.client.connection.count", "db_client_connection_count"),
    ],
)
def test_prometheus_has_names_of_its_own(name: str, told: str) -> None:
    assert prometheus_name(INSTRUMENTS[name]) == told


def test_an_observer_that_fails_costs_only_its_own_figures() -> None:
    def fails() -> Any:
        raise OSError("the database is away")

    gauge = Gauge("test.gauge", "1", (), "For this test.")
    ends = [gauge.observe(fails), gauge.observe(lambda: [(7, {"of": "others"})])]
    assert seen("test.gauge") == {(("of", "others"),): 7}
    for end in ends:
        end()
    assert seen("test.gauge") == {}


def test_a_service_is_seen_by_its_tables(database: Database, clock: ManualClock) -> None:
    emit(database, clock)
    clock.advance(HOUR)
    with database.read() as conn:
        figures = figures_of(conn, clock.now())
    assert (figures.unsent, figures.outbox_age) == (1, 3600)
    assert (figures.unsealed_age, figures.overdue) == (3600, 7200)
    assert (figures.dead, figures.parked) == (0, 0)


def test_what_has_left_is_no_lag(database: Database, clock: ManualClock) -> None:
    emit(database, clock)
    Relay(database, MemoryBus(), clock).flush()
    clock.advance(HOUR)
    with database.read() as conn:
        assert figures_of(conn, clock.now()).outbox_age == 0


def test_each_service_of_a_process_is_told_apart(database: Database, clock: ManualClock) -> None:
    ends = observe_database("one", database, clock) + observe_database("two", database, clock)
    told = {dict(labels)["xianban.service"] for labels in seen("xianban.outbox.age")}
    assert told == {"one", "two"}
    assert len(seen("db.client.connection.max")) == 2
    for end in ends:
        end()
    assert seen("xianban.outbox.age") == {}


def test_threads_and_who_waits_for_one_are_counted() -> None:
    pool, go_on, begun = Pool(1, "echo", "safety"), Gate(), Gate()
    lane = (("xianban.lane", "safety"), ("xianban.service", "echo"))

    def work() -> None:
        begun.set()
        go_on.wait(10)

    first, second = pool.submit(work), pool.submit(work)
    assert begun.wait(10)
    assert seen("xianban.rpc.threads.busy")[lane] == 1
    assert seen("xianban.rpc.calls.waiting")[lane] == 1
    assert seen("xianban.rpc.threads.limit")[lane] == 1
    go_on.set()
    first.result(10)
    second.result(10)
    pool.shutdown()
    assert seen("xianban.rpc.threads.busy")[lane] == 0
    pool.close()
    assert lane not in seen("xianban.rpc.threads.busy")


def test_a_wsgi_request_goes_on_in_its_callers_trace() -> None:
    heard: list[str] = []

    def app(_environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        here = telemetry.current()
        heard.append(here.trace_id if here else "")
        start_response("200 OK", [])
        return [b""]

    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    environ = {"REQUEST_METHOD": "BREW", "HTTP_TRACEPARENT": f"00-{trace}-00f067aa0ba902b7-01"}
    Traced(app, "identity")(environ, lambda *_: None)
    assert heard == [trace]
    # A method that somebody made up is no series of its own.
    methods = {dict(labels)["http.request.method"] for labels in seen(instruments.HTTP_SERVER.name)}
    assert "_OTHER" in methods
    assert "BREW" not in methods


@pytest.mark.parametrize(
    ("otlp", "given", "told"),
    [
        ("http://collector:4317", "", "http://collector:4318"),
        ("collector:4317", "", "http://collector:4318"),
        ("http://collector:4318", "", "http://collector:4318"),
        ("http://collector:9999", "", ""),
        ("http://collector:9999", "http://other:1", "http://other:1"),
        ("http://[::1]:4317", "", "http://[::1]:4318"),
    ],
)
def test_the_worker_finds_the_same_collector_over_http(
    otlp: str, given: str, told: str, tmp_path: Path
) -> None:
    assert http_endpoint(Settings(data=tmp_path, otlp=otlp, otlp_http=given)) == told
