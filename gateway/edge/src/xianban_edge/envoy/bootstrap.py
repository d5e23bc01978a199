"""The bootstrap: the part Envoy reads once. All else comes from files it watches."""

from __future__ import annotations

from pathlib import Path

from xianban_edge.envoy.json import Json, extension, file_source, typed
from xianban_edge.settings import EdgeSettings


def bootstrap(settings: EdgeSettings) -> Json:
    return {
        "node": {"id": "edge", "cluster": "xianban"},
        # A Unix socket in the run folder: whoever may open it may stop the gateway anyway.
        "admin": {"address": {"pipe": {"path": str(settings.admin), "mode": 0o600}}},
        "dynamic_resources": {
            "cds_config": file_source(settings.folder / "cds.json"),
            "lds_config": file_source(settings.folder / "lds.json"),
        },
        "layered_runtime": {"layers": [{"name": "edge", "static_layer": _runtime(settings)}]},
        "overload_manager": {"resource_monitors": [_connections(settings)]},
    }


def _runtime(settings: EdgeSettings) -> Json:
    """HTTP/2 rapid reset: a connection whose streams mostly die young is closed."""
    return {
        "overload.premature_reset_total_stream_count": settings.limits.early_resets,
        "overload.premature_reset_min_stream_lifetime_seconds": 1,
        "http.max_requests_per_io_cycle": 10,
    }


def _connections(settings: EdgeSettings) -> Json:
    return extension(
        "envoy.resource_monitors.global_downstream_max_connections",
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=settings.limits.connections,
    )


def tls_secret(settings: EdgeSettings) -> Json:
    """The certificate, read again when its folder changes."""
    return typed(
        "envoy.extensions.transport_sockets.tls.v3.Secret",
        name="edge",
        tls_certificate={
            "certificate_chain": {"filename": settings.tls_certificate},
            "private_key": {"filename": settings.tls_key},
            "watched_directory": {"path": str(Path(settings.tls_certificate).parent)},
        },
    )
