"""Traces, metrics and logs, joined by the trace id.

Normal calls are head-sampled; a call that fails is exported even when it was not sampled, and the
safety lane always is. Without an exporter no span is built at all: only the W3C ids travel on.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from socket import gethostname
from typing import Any, Final

import orjson
import structlog
from opentelemetry import metrics, trace
from opentelemetry.context import Context as OtelContext
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from structlog.typing import EventDict

from xianban_sdk.log_lines import Lines, lines_to
from xianban_sdk.settings import Settings

__all__ = [
    "TraceContext",
    "access_line",
    "add_exporter",
    "add_metric_reader",
    "bind",
    "configure",
    "current",
    "flush",
    "log",
    "remote",
    "span",
    "traceparent",
]

CLIENT: Final = SpanKind.CLIENT
CONSUMER: Final = SpanKind.CONSUMER
PRODUCER: Final = SpanKind.PRODUCER
SERVER: Final = SpanKind.SERVER
Attribute = str | int | float | bool
_VERSION: Final = "00"
_FLUSH_MS: Final = 2000
# The fields every log line of one call carries.
_bound: ContextVar[dict[str, Any] | None] = ContextVar("xianban_log", default=None)
_current: ContextVar[TraceContext | None] = ContextVar("xianban_trace", default=None)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Where we are in a trace (W3C trace context)."""

    trace_id: str
    span_id: str
    sampled: bool
    tracestate: str = ""

    @property
    def traceparent(self) -> str:
        """The header value for the next hop."""
        return f"{_VERSION}-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    @classmethod
    def parse(cls, traceparent: str | None, tracestate: str = "") -> TraceContext | None:
        """Reads a header; None when it is absent or malformed, as W3C asks."""
        if not traceparent or len(traceparent) < 55 or traceparent[:2] == "ff":
            return None
        parts = traceparent[:55].split("-")
        if [len(part) for part in parts] != [2, 32, 16, 2] or not _hexadecimal(parts):
            return None
        if int(parts[1], 16) == 0 or int(parts[2], 16) == 0:
            return None
        return cls(parts[1], parts[2], bool(int(parts[3], 16) & 1), tracestate[:512])


def _hexadecimal(parts: Sequence[str]) -> bool:
    return all(character in "0123456789abcdef" for part in parts for character in part)


class _Ids(RandomIdGenerator):
    """Gives a span the id that was already handed out for it, when there is one."""

    def __init__(self) -> None:
        self._local = threading.local()

    def generate_span_id(self) -> int:
        chosen = getattr(self._local, "span_id", None)
        self._local.span_id = None
        return super().generate_span_id() if chosen is None else chosen

    def generate_trace_id(self) -> int:
        chosen = getattr(self._local, "trace_id", None)
        self._local.trace_id = None
        return super().generate_trace_id() if chosen is None else chosen

    def use(self, trace_id: int, span_id: int) -> None:
        self._local.trace_id, self._local.span_id = trace_id, span_id


class _Telemetry:
    """The process's one tracer; made by configure(), silent before."""

    def __init__(self) -> None:
        self.ids = _Ids()
        self.provider = TracerProvider(id_generator=self.ids)
        self.tracer = self.provider.get_tracer("xianban")
        self.exporting = False
        self.sample = 1.0
        self.lines: Lines | None = None
        # Everything that gathers before it sends.
        self.flushed: list[Callable[[int], object]] = []


_telemetry = _Telemetry()
# Ids and sampling need no secrecy, only spread.
_random = random.Random()  # noqa: S311


def configure(settings: Settings, service: str, *, http: bool = False) -> None:
    """Sets up logs, and OTLP export of traces, metrics and logs if an endpoint is named.

    `http`: over HTTP only, where grpc must not come in.
    """
    _configure_logs(settings)
    _telemetry.sample = settings.trace_sample
    _telemetry.provider = TracerProvider(
        resource=_resource(service),
        id_generator=_telemetry.ids,
        shutdown_on_exit=False,
    )
    _telemetry.tracer = _telemetry.provider.get_tracer("xianban")
    _telemetry.exporting = False
    _telemetry.flushed = [_telemetry.provider.force_flush]
    if settings.otlp:
        _configure_otlp(settings, service, http=http)


def _configure_otlp(settings: Settings, service: str, *, http: bool) -> None:
    # Imported here: exporters cost a tenth of a second and 10 MB that a laptop does not need.
    from xianban_sdk.exporting import exporters, http_endpoint, observe_process
    from xianban_sdk.log_records import send_lines

    endpoint = http_endpoint(settings) if http else settings.otlp
    if not endpoint:
        log.warning("not_exported", otlp=settings.otlp, hint="XIANBAN_OTLP_HTTP is not set")
        return
    made = exporters(endpoint, http=http)
    add_exporter(made.spans)
    add_metric_reader(PeriodicExportingMetricReader(made.figures), service)
    if settings.otlp_logs:
        lines = lines_to(settings.log_file)
        _telemetry.flushed.append(send_lines(lines, made.lines, _resource(service)))
    observe_process(settings)


def _resource(service: str) -> Resource:
    return Resource.create(
        {
            "service.name": service,
            "service.namespace": "xianban",
            "service.version": version("xianban-sdk"),
            # In a container the host's name is the pod's and the process is 1.
            "service.instance.id": f"{gethostname()}-{os.getpid()}",
        }
    )


def add_exporter(exporter: SpanExporter, processor: SpanProcessor | None = None) -> None:
    """Sends spans to one more exporter; tests pass an in-memory one."""
    _telemetry.provider.add_span_processor(processor or BatchSpanProcessor(exporter))
    _telemetry.exporting = True


def add_metric_reader(reader: MetricReader, service: str = "xianban") -> None:
    """Makes the metrics real; may be called once per process."""
    made = MeterProvider([reader], resource=_resource(service), shutdown_on_exit=False)
    metrics.set_meter_provider(made)
    _telemetry.flushed.append(made.force_flush)


def flush() -> None:
    """Sends what is still buffered; called at shut-down."""
    for each in _telemetry.flushed:
        each(_FLUSH_MS)


def current() -> TraceContext | None:
    """Where this thread is in a trace."""
    return _current.get()


def traceparent(otherwise: str) -> str:
    """Where this thread is in a trace, as it is handed on; `otherwise` where it is in none."""
    here = _current.get()
    return here.traceparent if here else otherwise


def enter_remote(parent: TraceContext | None) -> Token[TraceContext | None]:
    """Continues a remote trace by hand; :func:`remote` is the usual way."""
    return _current.set(parent)


def leave_remote(token: Token[TraceContext | None]) -> None:
    """Ends what :func:`enter_remote` began."""
    _current.reset(token)


@contextmanager
def remote(traceparent: str | None, tracestate: str = "") -> Iterator[TraceContext | None]:
    """Continues a trace that came in by a message or a call."""
    parent = TraceContext.parse(traceparent, tracestate)
    token = _current.set(parent)
    try:
        yield parent
    finally:
        _current.reset(token)


@dataclass(slots=True)
class ActiveSpan:
    """The span under way. Attributes set here reach the exporter, if the span does."""

    name: str
    kind: SpanKind
    context: TraceContext
    parent: TraceContext | None
    started_ns: int
    attributes: dict[str, Attribute]
    failed: str = ""

    def set(self, name: str, value: Attribute) -> None:
        """Adds an attribute."""
        self.attributes[name] = value

    def fail(self, reason: str) -> None:
        """Marks the span as failed: it is kept whatever the sampling."""
        self.failed = reason


def start(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, keep: bool = False, **attributes: Attribute
) -> tuple[ActiveSpan, Token[TraceContext | None]]:
    """Opens a span by hand; :func:`span` is the usual way."""
    parent = _current.get()
    sampled = keep or (parent.sampled if parent else _random.random() < _telemetry.sample)
    context = TraceContext(
        parent.trace_id if parent else f"{_random.getrandbits(128) | 1:032x}",
        f"{_random.getrandbits(64) | 1:016x}",
        sampled,
        parent.tracestate if parent else "",
    )
    active = ActiveSpan(name, kind, context, parent, time.time_ns(), attributes)
    return active, _current.set(context)


def end(active: ActiveSpan, token: Token[TraceContext | None]) -> None:
    """Closes a span that :func:`start` opened."""
    _current.reset(token)
    if _telemetry.exporting and (active.context.sampled or active.failed):
        _export(active)


def _export(active: ActiveSpan) -> None:
    # The SDK span is built at the end, with the ids and times it had: unsampled calls that turn
    # out well never pay for one, and failed ones are there with their true duration.
    _telemetry.ids.use(int(active.context.trace_id, 16), int(active.context.span_id, 16))
    built = _telemetry.tracer.start_span(
        active.name,
        context=_otel_parent(active.parent),
        kind=active.kind,
        attributes=active.attributes,
        start_time=active.started_ns,
    )
    if active.failed:
        built.set_status(Status(StatusCode.ERROR, active.failed))
    built.end()


def _otel_parent(parent: TraceContext | None) -> OtelContext:
    if parent is None:
        return OtelContext()
    context = SpanContext(
        int(parent.trace_id, 16),
        int(parent.span_id, 16),
        is_remote=False,
        # The SDK's sampler follows the parent: what reaches here has been chosen already.
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    holder: Span = NonRecordingSpan(context)
    return trace.set_span_in_context(holder, OtelContext())


@contextmanager
def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, keep: bool = False, **attributes: Attribute
) -> Iterator[ActiveSpan]:
    """One step of a trace; an exception marks it failed and goes on."""
    active, token = start(name, kind=kind, keep=keep, **attributes)
    try:
        yield active
    except BaseException as error:
        active.fail(type(error).__name__)
        raise
    finally:
        end(active, token)


@contextmanager
def bind(**fields: Any) -> Iterator[None]:
    """Adds fields to every log line written inside."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def access_line(event: str, fields: dict[str, Any]) -> None:
    """One line per call, in the form that ``log.info`` gives, without structlog's way there.

    It is written for every call: the short way costs a third (bench: 7 instead of 22 µs).
    """
    lines = _telemetry.lines
    if lines is None:
        log.info(event, **fields)
        return
    line = {**fields, "event": event, "level": "info", "timestamp": datetime.now(UTC)}
    lines.info(_serialise(_joined(None, "info", line)))


def _configure_logs(settings: Settings) -> None:
    level = {"debug": 10, "info": 20, "warning": 30, "error": 40}.get(settings.log_level, 20)
    lines = lines_to(settings.log_file)
    lines.listener = None
    # Above info, the line of each call is not wanted either.
    _telemetry.lines = lines if level <= 20 else None
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _joined,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_serialise),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lines,
        cache_logger_on_first_use=True,
    )


def _joined(_logger: Any, _method: str, event: EventDict) -> EventDict:
    context = _current.get()
    if context is not None:
        event["trace_id"] = context.trace_id
        event["span_id"] = context.span_id
    bound = _bound.get()
    return {**bound, **event} if bound else event


def _serialise(event: Any, **_options: Any) -> bytes:
    return orjson.dumps(event, default=str)


_logger_factory: Callable[..., Any] = structlog.get_logger
log: Final[Any] = _logger_factory()
