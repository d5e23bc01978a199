"""The one listener: connection manager, hardening, TLS."""

from __future__ import annotations

from collections.abc import Sequence

from xianban_edge.envoy.clusters import socket
from xianban_edge.envoy.filters import http_filters
from xianban_edge.envoy.json import Json, extension, file_source, typed
from xianban_edge.envoy.observed import access_logs, tracing
from xianban_edge.envoy.replies import local_replies
from xianban_edge.envoy.routes import ROUTES
from xianban_edge.settings import EdgeService, EdgeSettings

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_TLS = "envoy.extensions.transport_sockets.tls.v3"
# What only processes of the suite, or Envoy itself, may say.
_FORGEABLE_PREFIXES = ("x-envoy-", "x-original-", "x-jwt-", "x-forwarded-client-")
_FORGEABLE = (
    "forwarded",
    "x-real-ip",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-http-method-override",
)
# Machines sign their messages in this one (xianban_sdk.signatures), so it comes from outside.
_OURS, _ALLOWED = "x-xianban-", "signature"
_MEBIBYTE = 1 << 20


def listener(
    settings: EdgeSettings,
    services: Sequence[EdgeService],
    grpc_services: Sequence[str],
    descriptors: str,
) -> Json:
    manager = _connection_manager(settings, services, grpc_services, descriptors)
    chain: Json = {"filters": [manager]}
    if settings.tls_certificate:
        chain["transport_socket"] = _tls(settings)
    return typed(
        "envoy.config.listener.v3.Listener",
        name="edge",
        address=socket(settings.bind),
        # Two gateways on one port would share it in silence.
        enable_reuse_port=False,
        per_connection_buffer_limit_bytes=_MEBIBYTE,
        socket_options=_tcp_keepalive(),
        filter_chains=[chain],
    )


def _connection_manager(
    settings: EdgeSettings,
    services: Sequence[EdgeService],
    grpc_services: Sequence[str],
    descriptors: str,
) -> Json:
    return extension(
        "envoy.filters.network.http_connection_manager",
        _HCM,
        stat_prefix="edge",
        codec_type="AUTO",
        server_name="xianban",
        rds={
            "config_source": file_source(settings.folder / "rds.json"),
            "route_config_name": ROUTES,
        },
        http_filters=http_filters(settings, services, grpc_services, descriptors),
        local_reply_config=local_replies(settings),
        tracing=tracing(settings),
        access_log=access_logs(settings),
        early_header_mutation_extensions=[_strip_forgeable(settings)],
        **_addresses(settings),
        **_bounds(settings),
        **_paths(),
    )


def _addresses(settings: EdgeSettings) -> Json:
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": settings.trusted_hops,
        "skip_xff_append": False,
        "generate_request_id": True,
        "preserve_external_request_id": False,
        "forward_client_cert_details": "SANITIZE",
        # No address is trusted for being private: all of a laptop's or cluster's callers are.
        "internal_address_config": {"cidr_ranges": [{"address_prefix": "::", "prefix_len": 128}]},
    }


def _paths() -> Json:
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "strip_any_host_port": False,
    }


def _bounds(settings: EdgeSettings) -> Json:
    limits = settings.limits
    return {
        "max_request_headers_kb": limits.header_kilobytes,
        "request_headers_timeout": "10s",
        # The whole request; answers, and so server streams, may take longer.
        "request_timeout": f"{max(limits.import_seconds, 60)}s",
        "stream_idle_timeout": "300s",
        "drain_timeout": "5s",
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "max_headers_count": limits.headers,
            "max_requests_per_connection": limits.requests_per_connection,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": limits.streams_per_connection,
            "initial_stream_window_size": 256 * 1024,
            "initial_connection_window_size": _MEBIBYTE,
            "max_inbound_priority_frames_per_stream": 10,
            "connection_keepalive": {"interval": "30s", "timeout": "10s"},
        },
        "http_protocol_options": {"accept_http_10": False},
    }


def _strip_forgeable(settings: EdgeSettings) -> Json:
    names = [*_FORGEABLE] if settings.trusted_hops else [*_FORGEABLE, "x-forwarded-for"]
    matchers: list[Json] = [{"prefix": one} for one in _FORGEABLE_PREFIXES]
    matchers.append({"safe_regex": {"regex": _OURS + _all_but(_ALLOWED)}})
    removals = [{"remove_on_match": {"key_matcher": matcher}} for matcher in matchers]
    return extension(
        "envoy.http.early_header_mutation.header_mutation",
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[*removals, *({"remove": name} for name in names)],
    )


def _all_but(word: str) -> str:
    """RE2 has no negative look-ahead: a text that ends early, differs, or goes on."""
    parts = [f"{word[:i]}(?:[^{word[i]}].*)?" for i in range(len(word))]
    return f"(?:{'|'.join(parts)}|{word}.+)"


def _tls(settings: EdgeSettings) -> Json:
    secret = {"name": "edge", "sds_config": file_source(settings.folder / "sds.json")}
    return extension(
        "envoy.transport_sockets.tls",
        f"{_TLS}.DownstreamTlsContext",
        common_tls_context={
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [secret],
        },
    )


def _tcp_keepalive() -> list[Json]:
    """Finds phones that vanished with an open stream (numbers of Linux's socket.h and tcp.h)."""
    options = {"SO_KEEPALIVE": (1, 9, 1), "TCP_KEEPIDLE": (6, 4, 60), "TCP_KEEPINTVL": (6, 5, 15)}
    return [
        {
            "description": name,
            "level": level,
            "name": number,
            "int_value": value,
            "state": "STATE_LISTENING",
        }
        for name, (level, number, value) in options.items()
    ]
