"""Routes: what reaches which process, with which token, how long and how large.

A JSON call is matched twice: by its HTTP path before the filters (token, rate, body size), and by
its gRPC path after transcoding (cluster, time). So each method has a gRPC route, and those whose
token or size rule differs from their service's have a route for their HTTP path too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

from xianban_edge.descriptors import Catalogue, HttpRule, Method
from xianban_edge.envoy.clusters import ANSWERED, IDENTITY_HTTP, PORTAL, cluster_name
from xianban_edge.envoy.filters import (
    BUFFER,
    CORS,
    JWT,
    RATE,
    TRANSCODER,
    audience_requirement,
    cors_policy,
)
from xianban_edge.envoy.json import Json, typed
from xianban_edge.settings import EdgeService, EdgeSettings, Lane
from xianban_edge.templates import parse

ROUTES = "edge"
_OFF = typed("envoy.config.route.v3.FilterConfig", disabled=True)
_REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
_IDENTITY_PREFIXES = ("/oauth2/", "/signin", "/.well-known/")


def route_configuration(
    settings: EdgeSettings, services: Sequence[EdgeService], found: Catalogue
) -> Json:
    host: Json = {
        "name": "all",
        "domains": ["*"],
        "routes": list(_routes(settings, services, found)),
        "typed_per_filter_config": {CORS: cors_policy(settings)},
    }
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=ROUTES,
        virtual_hosts=[host],
        # Envoy's own words to the services stay inside, and theirs to Envoy.
        response_headers_to_remove=["x-envoy-upstream-service-time", ANSWERED],
    )


def _routes(
    settings: EdgeSettings, services: Sequence[EdgeService], found: Catalogue
) -> Iterator[Json]:
    names = [service.name for service in services]
    methods = found.methods(names)
    imports = {m.path for m in methods if found.takes_files(m)} | set(settings.imports)
    yield from (_grpc_route(settings, method, imports) for method in methods)
    yield from _reflection_routes(settings, names)
    yield _refusal({"prefix": "/", "headers": [_content_type("application/grpc")]}, 404)
    for method in methods:
        if method.access.anonymous or method.access.safety or method.path in imports:
            yield from (_json_route(settings, method, rule, imports) for rule in method.rules)
    yield from _wrong_verb_routes(methods)
    yield from (_domain_route(settings, name) for name in names)
    yield _refusal({"path_separated_prefix": "/api"}, 404)
    yield from (_web_route({"prefix": prefix}, IDENTITY_HTTP) for prefix in _IDENTITY_PREFIXES)
    yield _web_route({"prefix": "/", "headers": [_accepts("text/event-stream")]}, PORTAL, live=True)
    yield _web_route({"prefix": "/"}, PORTAL)


def lane_of(method: Method) -> Lane:
    if method.access.safety:
        return "safety"
    return "streams" if method.streaming else "unary"


def _grpc_route(settings: EdgeSettings, method: Method, imports: Set[str]) -> Json:
    return {
        "name": method.path,
        "match": {"path": method.path},
        "route": {
            "cluster": cluster_name(method.domain, lane_of(method)),
            "retry_policy": _retries(method),
            **_times(settings, method, method.path in imports),
        },
        # gRPC frames are bounded by the services: buffering here would stop client streams.
        "typed_per_filter_config": {**_token_and_rate(method), BUFFER: _OFF},
    }


def _json_route(settings: EdgeSettings, method: Method, rule: HttpRule, imports: Set[str]) -> Json:
    per_filter = _token_and_rate(method)
    if method.path in imports:
        per_filter[BUFFER] = _body_limit(settings.limits.import_body_bytes)
    return {
        "name": rule.template,
        "match": _path_match(parse(rule.template).regex(), _verb(rule.verb)),
        "route": {"cluster": cluster_name(method.domain, lane_of(method)), "timeout": "0s"},
        "typed_per_filter_config": per_filter,
    }


def _token_and_rate(method: Method) -> Json:
    requirement = audience_requirement(method.domain, optional=method.access.anonymous)
    made: Json = {JWT: _requires(requirement)}
    if method.access.safety:
        made[RATE] = _OFF  # an SOS is never shed
    return made


def _requires(requirement: str) -> Json:
    return typed(
        "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig", requirement_name=requirement
    )


def _body_limit(size: int) -> Json:
    return typed(
        "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        buffer={"max_request_bytes": size},
    )


def _times(settings: EdgeSettings, method: Method, takes_files: bool) -> Json:
    limits = settings.limits
    if method.streaming:
        return {"timeout": "0s", "idle_timeout": f"{limits.stream_idle_seconds}s"}
    bound = limits.import_seconds if takes_files else limits.unary_seconds
    # A client's own grpc-timeout counts, up to the bound; `timeout` would be ignored beside it.
    return {
        "max_stream_duration": {
            "max_stream_duration": f"{bound}s",
            "grpc_timeout_header_max": f"{bound}s",
        }
    }


# The service has not seen the call.
_NOT_SEEN = "connect-failure,refused-stream,reset-before-request"
# It may have, but has not answered: gone without a word, or grpc spoke for a server that is going.
_NOT_ANSWERED = "reset,unavailable,cancelled"


def _retries(method: Method) -> Json:
    """What a service says itself is final: see `clusters.ANSWERED`."""
    reads = method.reads and not method.streaming
    return {
        "retry_on": f"{_NOT_SEEN},{_NOT_ANSWERED}" if reads else _NOT_SEEN,
        "num_retries": 2,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    }


def _reflection_routes(settings: EdgeSettings, names: Iterable[str]) -> Iterator[Json]:
    if settings.reflection not in names:
        return
    for service in _REFLECTION:
        yield {
            "match": {"prefix": f"/{service}/"},
            "route": {
                "cluster": cluster_name(settings.reflection, "streams"),
                "timeout": "60s",
            },
            "typed_per_filter_config": {BUFFER: _OFF},
        }


def _wrong_verb_routes(methods: Sequence[Method]) -> Iterator[Json]:
    """405 with Allow for a path that exists under other verbs; the transcoder says 404."""
    verbs: dict[str, set[str]] = {}
    for method in methods:
        for rule in method.rules:
            verbs.setdefault(parse(rule.template).regex(), set()).add(rule.verb)
    for regex, known in verbs.items():
        allowed = sorted(known)
        other = {**_verb("|".join([*allowed, "OPTIONS"])), "invert_match": True}
        yield {
            **_refusal(_path_match(regex, other), 405),
            "response_headers_to_add": [{"header": {"key": "allow", "value": ", ".join(allowed)}}],
        }


def _domain_route(settings: EdgeSettings, name: str) -> Json:
    return {
        "name": f"/api/{name}",
        "match": {"path_separated_prefix": f"/api/{name}"},
        "route": {"cluster": name, "timeout": f"{settings.limits.unary_seconds}s"},
        "typed_per_filter_config": {JWT: _requires(audience_requirement(name, optional=False))},
    }


def _web_route(match: Json, cluster: str, *, live: bool = False) -> Json:
    times = {"timeout": "0s", "idle_timeout": "3600s"} if live else {"timeout": "30s"}
    retries = {"retry_on": "connect-failure,refused-stream", "num_retries": 2}
    return {
        "name": match["prefix"],
        "match": match,
        "route": {"cluster": cluster, "retry_policy": retries, **times},
        "typed_per_filter_config": {TRANSCODER: _OFF},
    }


def _refusal(match: Json, status: int) -> Json:
    return {
        "match": match,
        "direct_response": {"status": status},
        "typed_per_filter_config": {TRANSCODER: _OFF, BUFFER: _OFF},
    }


def _path_match(regex: str, *headers: Json) -> Json:
    return {"safe_regex": {"regex": regex}, "headers": list(headers)}


def _verb(pattern: str) -> Json:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": pattern}}}


def _content_type(prefix: str) -> Json:
    return {"name": "content-type", "string_match": {"prefix": prefix}}


def _accepts(media_type: str) -> dict[str, Any]:
    return {"name": "accept", "string_match": {"contains": media_type}}
