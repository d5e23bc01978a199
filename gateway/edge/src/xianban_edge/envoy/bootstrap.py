"""The bootstrap: the part Envoy reads once. All else comes from files it watches."""

from __future__ import annotations

from pathlib import Path

from xianban_sdk.inside import workload_name

from xianban_edge.envoy.json import Json, extension, file_source, typed
from xianban_edge.settings import EdgeSettings

_GET: Json = {"name": ":method", "string_match": {"exact": "GET"}}
_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"


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
        **_probe(settings),
    }


def _probe(settings: EdgeSettings) -> Json:
    """Two looks at the admin interface for those who can't open its socket, and no more."""
    if settings.probe is None:
        return {}
    routes = [
        {"match": {"path": path, "headers": [_GET]}, "route": {"cluster": "admin"}}
        for path in ("/ready", "/stats/prometheus")
    ]
    manager = extension(
        "envoy.filters.network.http_connection_manager",
        _HCM,
        stat_prefix="probe",
        route_config={"virtual_hosts": [{"name": "probe", "domains": ["*"], "routes": routes}]},
        http_filters=[extension("envoy.filters.http.router", _ROUTER)],
    )
    address = {"address": settings.probe.host, "port_value": settings.probe.port}
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": "probe",
                    "address": {"socket_address": address},
                    "filter_chains": [{"filters": [manager]}],
                }
            ],
            "clusters": [_admin_cluster(settings)],
        }
    }


def _admin_cluster(settings: EdgeSettings) -> Json:
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(settings.admin)}}}}
    assignment = {"cluster_name": "admin", "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {"name": "admin", "connect_timeout": "1s", "load_assignment": assignment}


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


INSIDE, INSIDE_CA = "inside", "inside-ca"
_TLS = "envoy.extensions.transport_sockets.tls.v3"


def inside_secrets(settings: EdgeSettings) -> dict[str, Json]:
    """File name → our certificate for the processes behind, and whom we believe.

    Envoy reads them again when they are replaced. One secret a file: it takes no more.
    """
    folder = settings.inside_tls
    watched = {"watched_directory": {"path": folder}}
    own = {
        "certificate_chain": {"filename": f"{folder}/tls.crt"},
        "private_key": {"filename": f"{folder}/tls.key"},
        **watched,
    }
    believed = {"trusted_ca": {"filename": f"{folder}/ca.crt"}, **watched}
    return {
        f"sds-{INSIDE}.json": typed(f"{_TLS}.Secret", name=INSIDE, tls_certificate=own),
        f"sds-{INSIDE_CA}.json": typed(
            f"{_TLS}.Secret", name=INSIDE_CA, validation_context=believed
        ),
    }


def upstream_tls(settings: EdgeSettings, process: str) -> Json:
    """The process behind proves by its certificate that it is the one we mean."""
    name = workload_name(process)
    own, ca = (
        {"name": one, "sds_config": file_source(settings.folder / f"sds-{one}.json")}
        for one in (INSIDE, INSIDE_CA)
    )
    named = {"san_type": "DNS", "matcher": {"exact": name}}
    return extension(
        "envoy.transport_sockets.tls",
        f"{_TLS}.UpstreamTlsContext",
        sni=name,
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [own],
            "combined_validation_context": {
                "default_validation_context": {"match_typed_subject_alt_names": [named]},
                "validation_context_sds_secret_config": ca,
            },
        },
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
