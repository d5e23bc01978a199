"""What a collector hears of Envoy: spans, and a record of each answer that was no success."""

from __future__ import annotations

from typing import Final

from xianban_edge.envoy.clusters import OTLP, is_otlp_grpc
from xianban_edge.envoy.json import Json, extension
from xianban_edge.settings import EdgeSettings

_NAME: Final = "xianban-edge"
# Services write a line for each call; this is for those that did not reach one, or were lost.
_FROM_STATUS: Final = 400
# A path can name a person, a route can't.
_TOLD: Final = {
    "http.request.method": "%REQ(:METHOD)%",
    "http.route": "%ROUTE_NAME%",
    "http.response.status_code": "%RESPONSE_CODE%",
    "xianban.details": "%RESPONSE_CODE_DETAILS%",
    "xianban.flags": "%RESPONSE_FLAGS%",
    "xianban.ms": "%DURATION%",
    "xianban.service": "%UPSTREAM_CLUSTER%",
}


def tracing(settings: EdgeSettings) -> Json:
    """Every call gets a traceparent; without a collector none is marked as sampled."""
    provider = extension(
        "envoy.tracers.opentelemetry",
        "envoy.config.trace.v3.OpenTelemetryConfig",
        service_name=_NAME,
        **_collector(settings, "traces"),
    )
    share = settings.trace_percent if settings.otlp else 0
    return {"provider": provider, "random_sampling": {"value": share}}


def access_logs(settings: EdgeSettings) -> list[Json]:
    """Nothing where no collector is named, or where it reads containers' output."""
    if not settings.otlp or not settings.otlp_logs:
        return []
    bound = {"default_value": _FROM_STATUS, "runtime_key": "xianban.log_from_status"}
    made = extension(
        "envoy.access_loggers.open_telemetry",
        "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        log_name="edge",
        disable_builtin_labels=True,
        resource_attributes=_texts({"service.name": _NAME, "service.namespace": "xianban"}),
        body={"string_value": "call"},
        attributes=_texts(_TOLD),
        **_collector(settings, "logs"),
    )
    made["filter"] = {"status_code_filter": {"comparison": {"op": "GE", "value": bound}}}
    return [made]


def _collector(settings: EdgeSettings, signal: str) -> Json:
    if is_otlp_grpc(settings):
        return {"grpc_service": {"envoy_grpc": {"cluster_name": OTLP}, "timeout": "1s"}}
    uri = f"{settings.otlp.rstrip('/').removesuffix('/v1/traces')}/v1/{signal}"
    return {"http_service": {"http_uri": {"uri": uri, "cluster": OTLP, "timeout": "1s"}}}


def _texts(values: dict[str, str]) -> Json:
    return {"values": [{"key": key, "value": {"string_value": v}} for key, v in values.items()]}
