"""Clusters: one per service and lane, and the two HTTP/1.1 processes."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from xianban_sdk.inside import refuse_in_the_clear

from xianban_edge.envoy.bootstrap import upstream_tls
from xianban_edge.envoy.json import Json, extension, typed
from xianban_edge.settings import LANES, Address, EdgeService, EdgeSettings, Lane

_CLUSTER = "envoy.config.cluster.v3.Cluster"
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_FILTERS = "envoy.extensions.filters.http"
# Envoy's own "do not ask again", whatever a route would retry; it never leaves the edge.
ANSWERED = "x-envoy-ratelimited"
# Shorter than XIANBAN_DRAIN, the time between "not serving" and the first refused call.
_HEALTH_CHECK: Json = {
    "interval": "0.5s",
    "no_traffic_interval": "0.5s",
    "timeout": "2s",
    # Of checks without an answer: a busy machine is no dead process. NOT_SERVING counts at once.
    "unhealthy_threshold": 3,
    "healthy_threshold": 1,
    "grpc_health_check": {},
    # Calls negotiate HTTP/2 by themselves; a check has to be told, or grpc refuses its handshake.
    "tls_options": {"alpn_protocols": ["h2"]},
}
IDENTITY_HTTP, PORTAL, OTLP = "identity-http", "portal", "otlp"


def cluster_name(service: str, lane: Lane) -> str:
    return service if lane == "unary" else f"{service}-{lane}"


def clusters(settings: EdgeSettings, services: Sequence[EdgeService]) -> list[Json]:
    made = [
        _inside(settings, service.name, cluster_name(service.name, lane), service.addresses[lane])
        | _checked(service, lane)
        for service in services
        for lane in LANES
    ]
    made += [
        _inside(settings, "identity", IDENTITY_HTTP, identity_addresses(settings), http2=False),
        _inside(settings, "portal", PORTAL, (portal_address(settings),), http2=False),
    ]
    # Without a collector the tracer still needs a cluster to name: one that leads nowhere.
    collector = (otlp_address(settings.otlp),) if settings.otlp else ()
    made.append(_cluster(OTLP, collector, http2=is_otlp_grpc(settings)))
    return made


def identity_addresses(settings: EdgeSettings) -> tuple[Address, ...]:
    return settings.identity_http or (Address(path=str(settings.run / "identity-http.sock")),)


def portal_address(settings: EdgeSettings) -> Address:
    return settings.portal or Address(path=str(settings.run / "portal.sock"))


def otlp_address(url: str) -> Address:
    parts = urlsplit(url if "//" in url else f"//{url}")
    return Address(host=parts.hostname or "127.0.0.1", port=parts.port or 4317)


def is_otlp_grpc(settings: EdgeSettings) -> bool:
    """OTLP's own convention: 4318 speaks HTTP, 4317 gRPC."""
    return not settings.otlp or otlp_address(settings.otlp).port != 4318


def _cluster(name: str, addresses: Sequence[Address], *, http2: bool) -> Json:
    named = any(_is_name(address) for address in addresses)
    made = typed(
        _CLUSTER,
        name=name,
        type="STRICT_DNS" if named else "STATIC",
        connect_timeout="1s",
        # Protocol options of the process behind; a long request is bounded by its route.
        typed_extension_protocol_options={_HTTP: _protocol(http2)},
        load_assignment={
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(address) for address in addresses]}],
        },
        circuit_breakers={"thresholds": [_breaker()]},
    )
    if named:
        made |= {"dns_refresh_rate": "2s", "dns_lookup_family": "V4_PREFERRED"}
    if named or len(addresses) > 1:
        made["outlier_detection"] = _outliers()
    if any(address.host for address in addresses):
        # Not HTTP/2 pings: grpc-core answers those on quiet streams with GOAWAY too_many_pings.
        made["upstream_connection_options"] = {
            "tcp_keepalive": {"keepalive_time": 20, "keepalive_interval": 5, "keepalive_probes": 3}
        }
    return made


def _inside(
    settings: EdgeSettings,
    process: str,
    name: str,
    addresses: Sequence[Address],
    *,
    http2: bool = True,
) -> Json:
    """A process of the suite: over TCP both sides prove who they are, where certificates are."""
    made = _cluster(name, addresses, http2=http2)
    if any(address.path for address in addresses):
        return made
    if settings.inside_tls:
        made["transport_socket"] = upstream_tls(settings, process)
        return made
    for address in addresses:
        refuse_in_the_clear(f"{address.host}:{address.port}")
    return made


def _checked(service: EdgeService, lane: Lane) -> Json:
    """Where others can serve instead: who says that it is going gets no new call.

    Health is told on the unary server alone, whatever the lane.
    """
    asked, own = service.addresses["unary"], service.addresses[lane]
    several = len(own) > 1 or any(_is_name(address) for address in own)
    if not several or len(asked) != len(own) or not all(one.host for one in (*asked, *own)):
        return {}
    ends = [
        {"endpoint": {"address": socket(one), "health_check_config": {"port_value": at.port}}}
        for one, at in zip(own, asked, strict=True)
    ]
    name = cluster_name(service.name, lane)
    return {
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": ends}]},
        "health_checks": [_HEALTH_CHECK],
        # Whom nobody calls well is called all the same: its own answer says more than Envoy's.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1}},
    }


def _is_name(address: Address) -> bool:
    if not address.host:
        return False
    try:
        ip_address(address.host)
    except ValueError:
        return True
    return False


def _protocol(http2: bool) -> Json:
    if not http2:
        return typed(_HTTP, explicit_http_config={"http_protocol_options": {}})
    codec = extension(
        "envoy.filters.http.upstream_codec", f"{_FILTERS}.upstream_codec.v3.UpstreamCodec"
    )
    return typed(
        _HTTP,
        explicit_http_config={"http2_protocol_options": {}},
        http_filters=[_answered_by_the_service_itself(), codec],
    )


def _answered_by_the_service_itself() -> Json:
    """A service's own refusals carry details; grpc's, of a server that is going, carry none.

    Retry conditions look at one header at a time, so the difference becomes a header: it is left
    out where there are no details to make it of.
    """
    header = {"key": ANSWERED, "value": "%RESP(grpc-status-details-bin):1%"}
    mark = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return extension(
        "envoy.filters.http.header_mutation",
        f"{_FILTERS}.header_mutation.v3.HeaderMutation",
        mutations={"response_mutations": [mark]},
    )


def _endpoint(address: Address) -> Json:
    return {"endpoint": {"address": socket(address)}}


def socket(address: Address) -> Json:
    if address.path:
        return {"pipe": {"path": address.path}}
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def _breaker() -> Json:
    return {
        "max_connections": 256,
        "max_pending_requests": 1024,
        "max_requests": 4096,
        # Retries must not double the load of a service that is already failing.
        "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 10},
    }


def _outliers() -> Json:
    """Steps around a dead replica at once and tries it again a second later."""
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 2,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "interval": "0.5s",
        "base_ejection_time": "1s",
        "max_ejection_time": "5s",
        "max_ejection_percent": 50,
    }
