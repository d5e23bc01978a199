"""The HTTP filters, in the order a request meets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xianban_edge.envoy.clusters import IDENTITY_HTTP
from xianban_edge.envoy.json import Json, extension, typed
from xianban_edge.settings import EdgeService, EdgeSettings

_FILTERS = "envoy.extensions.filters.http"
HEADERS = "envoy.filters.http.header_mutation"
CORS = "envoy.filters.http.cors"
RATE = "envoy.filters.http.local_ratelimit"
JWT = "envoy.filters.http.jwt_authn"
GRPC_WEB = "envoy.filters.http.grpc_web"
BUFFER = "envoy.filters.http.buffer"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
ROUTER = "envoy.filters.http.router"

_PROVIDER = "identity"
# Distinct addresses counted at once; the least recently seen give way.
_CLIENTS_COUNTED = 10_000


def http_filters(
    settings: EdgeSettings,
    services: Sequence[EdgeService],
    grpc_services: Sequence[str],
    descriptors: str,
) -> list[Json]:
    return [
        _response_headers(settings),
        extension(CORS, f"{_FILTERS}.cors.v3.Cors"),
        _rate_limit(settings),
        _jwt(settings, services),
        extension(GRPC_WEB, f"{_FILTERS}.grpc_web.v3.GrpcWeb"),
        extension(
            BUFFER, f"{_FILTERS}.buffer.v3.Buffer", max_request_bytes=settings.limits.body_bytes
        ),
        *_transcoder(settings, grpc_services, descriptors),
        extension(ROUTER, f"{_FILTERS}.router.v3.Router", suppress_envoy_headers=True),
    ]


def _response_headers(settings: EdgeSettings) -> Json:
    """Security headers on every answer, Envoy's own included; the portal sets its own CSP."""
    wanted = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-opener-policy": "same-origin",
    }
    if settings.public_url.startswith("https://"):
        wanted["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    mutations = [
        {
            "append": {
                "header": {"key": key, "value": value},
                "append_action": "ADD_IF_ABSENT",
            }
        }
        for key, value in wanted.items()
    ]
    return extension(
        HEADERS,
        f"{_FILTERS}.header_mutation.v3.HeaderMutation",
        mutations={"response_mutations": mutations},
    )


def cors_policy(settings: EdgeSettings) -> Json:
    """Without configured origins nothing is allowed but the same origin."""
    return typed(
        f"{_FILTERS}.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in settings.origins],
        allow_methods="GET, POST, PUT, PATCH, DELETE, OPTIONS",
        allow_headers="authorization, content-type, accept-language, traceparent, tracestate, "
        "x-grpc-web, x-user-agent, grpc-timeout",
        expose_headers="grpc-status, grpc-message, grpc-status-details-bin, www-authenticate",
        max_age="600",
        allow_credentials=False,
    )


def _rate_limit(settings: EdgeSettings) -> Json:
    everywhere: dict[str, Any] = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return extension(
        RATE,
        f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="edge",
        token_bucket=_bucket(settings.limits.requests_per_second),
        filter_enabled={"runtime_key": "edge.rate_limit", **everywhere},
        filter_enforced={"runtime_key": "edge.rate_limit_enforced", **everywhere},
        rate_limited_as_resource_exhausted=True,
        enable_x_ratelimit_headers="DRAFT_VERSION_03",
        max_dynamic_descriptors=_CLIENTS_COUNTED,
        rate_limits=[{"actions": [{"remote_address": {}}]}],
        # An entry without a value stands for each address by itself.
        descriptors=[
            {
                "entries": [{"key": "remote_address"}],
                "token_bucket": _bucket(settings.limits.client_requests_per_second),
            }
        ],
        response_headers_to_add=[{"header": {"key": "retry-after", "value": "1"}}],
    )


def _bucket(per_second: int) -> Json:
    """Refills each second and holds two seconds' worth, so that a page's burst fits."""
    return {
        "max_tokens": 2 * per_second,
        "tokens_per_fill": per_second,
        "fill_interval": "1s",
    }


def audience_requirement(service: str, *, optional: bool) -> str:
    return f"{service}-optional" if optional else service


def _jwt(settings: EdgeSettings, services: Sequence[EdgeService]) -> Json:
    """One provider, so that the keys are fetched once; the audience is each requirement's own."""
    requirements: Json = {}
    for service in services:
        exact: Json = {
            "provider_and_audiences": {"provider_name": _PROVIDER, "audiences": [service.name]}
        }
        requirements[audience_requirement(service.name, optional=False)] = exact
        requirements[audience_requirement(service.name, optional=True)] = {
            "requires_any": {"requirements": [exact, {"allow_missing": {}}]}
        }
    return extension(
        JWT,
        f"{_FILTERS}.jwt_authn.v3.JwtAuthentication",
        providers={_PROVIDER: _provider(settings)},
        requirement_map=requirements,
    )


def _provider(settings: EdgeSettings) -> Json:
    return {
        "issuer": settings.public_url,
        "forward": True,
        # Named, or Envoy would take tokens from the query string too.
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "require_expiration": True,
        "clock_skew_seconds": 5,
        "jwt_cache_config": {"jwt_cache_size": 1000},
        "remote_jwks": {
            "http_uri": {
                "uri": f"http://identity{settings.jwks_path}",
                "cluster": IDENTITY_HTTP,
                "timeout": "2s",
            },
            "cache_duration": f"{settings.jwks_seconds}s",
            # Fetched ahead and kept while identity is away.
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
        },
    }


def _transcoder(
    settings: EdgeSettings, grpc_services: Sequence[str], descriptors: str
) -> list[Json]:
    if not grpc_services:
        return []
    made = extension(
        TRANSCODER,
        f"{_FILTERS}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        proto_descriptor=descriptors,
        services=list(grpc_services),
        auto_mapping=False,
        convert_grpc_status=True,
        max_request_body_size=settings.limits.import_body_bytes,
        print_options={
            "always_print_primitive_fields": True,
            "stream_sse_style_delimited": True,
        },
        url_unescape_spec="ALL_CHARACTERS_EXCEPT_RESERVED",
        request_validation_options={
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
    )
    return [made]
