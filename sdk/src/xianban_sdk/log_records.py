"""Log lines as OTLP log records. Imported only where a collector is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import orjson
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from xianban_sdk.log_lines import Lines

__all__ = ["record_of", "send_lines"]

_SEVERITIES: Final = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
# What the data model has a place or another name for.
_APART: Final = frozenset({"event", "level", "timestamp", "trace_id", "span_id"})
_RENAMED: Final = {"service": "xianban.service", "exception": "exception.stacktrace"}


def send_lines(
    lines: Lines, exporter: LogRecordExporter, resource: Resource
) -> Callable[[int], None]:
    """From now on what is written is sent, too; returns what sends the rest, within milliseconds.

    The record is made in the writer's thread: a call pays nothing. What the collector does not
    take in time is dropped; the line itself is on disk or in the container's output.
    """
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("xianban")

    def send(written: Sequence[bytes]) -> None:
        for line in written:
            # One that is none of ours costs none that is.
            with suppress(ValueError, KeyError):
                logger.emit(record_of(orjson.loads(line)))

    def flush(milliseconds: int) -> None:
        lines.flush()
        provider.force_flush(milliseconds)

    lines.listener = send
    return flush


def record_of(line: Mapping[str, Any]) -> LogRecord:
    """A line in OpenTelemetry's log data model: what happened is the body, all else attributes."""
    level = str(line.get("level", "info"))
    moment = datetime.fromisoformat(line["timestamp"])
    return LogRecord(
        timestamp=int(moment.timestamp() * 1_000_000) * 1000,
        context=_context(line),
        severity_text=level,
        severity_number=_SEVERITIES.get(level, SeverityNumber.UNSPECIFIED),
        body=line["event"],
        attributes={
            _RENAMED.get(name, name): _plain(value)
            for name, value in line.items()
            if name not in _APART and value is not None
        },
    )


def _context(line: Mapping[str, Any]) -> Context:
    if "trace_id" not in line:
        return Context()
    trace, span = int(line["trace_id"], 16), int(line["span_id"], 16)
    place = SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags.get_default())
    return set_span_in_context(NonRecordingSpan(place), Context())


def _plain(value: Any) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else orjson.dumps(value).decode()
