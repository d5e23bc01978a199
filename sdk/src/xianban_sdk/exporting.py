"""Sends traces, metrics and logs to an OpenTelemetry collector. Imported only where one is named.

Port 4318 is OTLP over HTTP, any other OTLP over gRPC, as collectors listen by convention.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from opentelemetry.sdk._logs.export import LogRecordExporter
from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.trace.export import SpanExporter

from xianban_sdk import instruments
from xianban_sdk.instruments import Seen
from xianban_sdk.settings import Settings

__all__ = ["Exporters", "exporters", "http_endpoint", "observe_process", "valid_for"]

_GRPC_PORT: Final = 4317
_HTTP_PORT: Final = 4318
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Exporters(NamedTuple):
    """One for each signal."""

    spans: SpanExporter
    figures: MetricExporter
    lines: LogRecordExporter


def exporters(endpoint: str, *, http: bool) -> Exporters:
    """What speaks to the collector at `endpoint`; `http`: whatever the port."""
    over_http = http or urlsplit(endpoint).port == _HTTP_PORT
    return _by_http(endpoint) if over_http else _by_grpc(endpoint)


def http_endpoint(settings: Settings) -> str:
    """Where the same collector takes OTLP over HTTP, for processes that grpc must not enter.

    "" where nobody said so: only the port of the convention has a known neighbour.
    """
    # As an address alone, too.
    parts = urlsplit(settings.otlp if "//" in settings.otlp else f"http://{settings.otlp}")
    if settings.otlp_http or parts.port == _HTTP_PORT:
        return settings.otlp_http or settings.otlp
    if parts.port != _GRPC_PORT:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts._replace(netloc=f"{host}:{_HTTP_PORT}").geturl()


def _by_grpc(endpoint: str) -> Exporters:
    # Imported here: each costs a tenth of a second, and eventlet's worker must never load grpc.
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    insecure = not endpoint.startswith("https://")
    return Exporters(
        OTLPSpanExporter(endpoint=endpoint, insecure=insecure),
        OTLPMetricExporter(endpoint=endpoint, insecure=insecure),
        OTLPLogExporter(endpoint=endpoint, insecure=insecure),
    )


def _by_http(endpoint: str) -> Exporters:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    base = endpoint.rstrip("/")
    return Exporters(
        OTLPSpanExporter(endpoint=f"{base}/v1/traces"),
        OTLPMetricExporter(endpoint=f"{base}/v1/metrics"),
        OTLPLogExporter(endpoint=f"{base}/v1/logs"),
    )


def observe_process(settings: Settings) -> None:
    """What the process itself uses, and how long its certificate holds."""
    instruments.PROCESS_CPU.observe(_cpu)
    instruments.PROCESS_MEMORY.observe(_memory)
    if settings.tls:
        certificate = Path(settings.tls) / "tls.crt"
        instruments.CERTIFICATE.observe(lambda: [(valid_for(certificate, time.time()), {})])


def valid_for(certificate: Path, now: float) -> float:
    """Seconds until a PEM certificate ends; less than 0 when it has ended."""
    from cryptography import x509

    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return found.not_valid_after_utc.timestamp() - now


def _cpu() -> Iterable[Seen]:
    used = os.times()
    yield used.user + used.system, {}


def _memory() -> Iterable[Seen]:
    yield int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE, {}
