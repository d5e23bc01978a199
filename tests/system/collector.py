"""An OTLP collector for tests: over gRPC and, one port further, over HTTP; keeps what comes."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as lines_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as figures_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as spans_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from xianban_sdk.simulating import running

# What a suite that speaks to it is told, so that nobody waits for a minute.
QUICKLY = {
    "OTEL_BSP_SCHEDULE_DELAY": "300",
    "OTEL_BLRP_SCHEDULE_DELAY": "300",
    "OTEL_METRIC_EXPORT_INTERVAL": "2000",
}


@dataclass(frozen=True)
class Seen:
    """A span as the collector got it."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str


@dataclass(frozen=True)
class Figure:
    """One point of a metric."""

    service: str
    name: str
    unit: str
    labels: dict[str, Any]
    value: float


@dataclass(frozen=True)
class Line:
    """A log record."""

    service: str
    event: str
    trace: str
    fields: dict[str, Any]


@dataclass
class Collector:
    """Spans all, metrics newest first found."""

    port: int = 0
    http_port: int = 0
    spans: list[Seen] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def arguments(self) -> tuple[str, str]:
        """For `xianban up`."""
        return ("--otlp", f"http://127.0.0.1:{self.port}")

    @property
    def environment(self) -> dict[str, str]:
        return QUICKLY | {"XIANBAN_OTLP_HTTP": f"http://127.0.0.1:{self.http_port}"}

    def of(self, trace: str) -> list[Seen]:
        with self.lock:
            return [span for span in self.spans if span.trace == trace]

    def named(self, name: str) -> list[Seen]:
        with self.lock:
            return [span for span in self.spans if span.name == name]

    def take_spans(self, request: spans_pb2.ExportTraceServiceRequest) -> None:
        with self.lock:
            for resource in request.resource_spans:
                name = _service(resource)
                for scope in resource.scope_spans:
                    self.spans += [_seen(name, span) for span in scope.spans]

    def take_figures(self, request: figures_pb2.ExportMetricsServiceRequest) -> None:
        with self.lock:
            for resource in request.resource_metrics:
                name = _service(resource)
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self.figures += _figures(name, metric)

    def take_lines(self, request: lines_pb2.ExportLogsServiceRequest) -> None:
        with self.lock:
            for resource in request.resource_logs:
                name = _service(resource)
                for scope in resource.scope_logs:
                    self.lines += [_line(name, one) for one in scope.log_records]


def _service(resource: Any) -> str:
    names = {one.key: one.value.string_value for one in resource.resource.attributes}
    return names["service.name"]


def _seen(service: str, span: OtlpSpan) -> Seen:
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Seen(service, span.name, span.kind, *ids)


def _line(service: str, record: Any) -> Line:
    told = {one.key: _plain(one.value) for one in record.attributes}
    return Line(service, record.body.string_value, record.trace_id.hex(), told)


def _figures(service: str, metric: Any) -> Iterator[Figure]:
    held = getattr(metric, metric.WhichOneof("data"))
    for point in held.data_points:
        labels = {one.key: _plain(one.value) for one in point.attributes}
        value = point.count if metric.HasField("histogram") else point.as_double or point.as_int
        yield Figure(service, metric.name, metric.unit, labels, float(value))


def _plain(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


class _Spans(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def Export(self, request, context):
        self._collector.take_spans(request)
        return spans_pb2.ExportTraceServiceResponse()


class _Figures(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def Export(self, request, context):
        self._collector.take_figures(request)
        return figures_pb2.ExportMetricsServiceResponse()


class _Lines(logs_service_pb2_grpc.LogsServiceServicer):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def Export(self, request, context):
        self._collector.take_lines(request)
        return lines_pb2.ExportLogsServiceResponse()


@contextmanager
def collecting() -> Iterator[Collector]:
    """Runs one."""
    made = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(_Spans(made), server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(_Figures(made), server)
    logs_service_pb2_grpc.add_LogsServiceServicer_to_server(_Lines(made), server)
    made.port = server.add_insecure_port("127.0.0.1:0")
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.http_port = http.server_port
    server.start()
    try:
        with running(http):
            yield made
    finally:
        server.stop(1)


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    taken = {
        "/v1/traces": (spans_pb2.ExportTraceServiceRequest, collector.take_spans),
        "/v1/logs": (lines_pb2.ExportLogsServiceRequest, collector.take_lines),
        "/v1/metrics": (figures_pb2.ExportMetricsServiceRequest, collector.take_figures),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                raw = gzip.decompress(raw)
            kind, take = taken[self.path]
            take(kind.FromString(raw))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


def eventually(found: Callable[[], Any], seconds: float = 60, what: str = "no such span") -> Any:
    """What comes, when it has come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if made := found():
            return made
        time.sleep(0.2)
    raise AssertionError(f"{what} has come")
