"""The generated configuration, without a running Envoy (but checked by it)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from xianban_edge import Address, EdgeSettings, edge_services
from xianban_edge.descriptors import catalogue, edge_descriptors, read
from xianban_edge.envoy.files import Rendered, render
from xianban_edge.run import validate
from xianban_edge.templates import parse
from xianban_sdk.authority import Authority

JWT = "envoy.filters.http.jwt_authn"


def rendered(tmp_path: Path, **changes: Any) -> Rendered:
    settings = EdgeSettings(run=tmp_path, **changes)
    services = edge_services(catalogue().domains(), tmp_path, {})
    return render(settings, services, catalogue())


def part(made: Rendered, name: str) -> list[dict[str, Any]]:
    return json.loads(made.files[f"{name}.json"])["resources"]


def routes(made: Rendered) -> list[dict[str, Any]]:
    return part(made, "rds")[0]["virtual_hosts"][0]["routes"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"otlp": "http://127.0.0.1:4317"},
        {"otlp": "http://collector:4318"},
        {"reflection": "parking", "origins": ("https://a.example",), "trusted_hops": 1},
        {"bind": Address(host="0.0.0.0", port=8443), "public_url": "https://xianban.example"},
    ],
)
def test_envoy_accepts_the_whole_configuration(tmp_path: Path, changes: dict[str, Any]) -> None:
    validate(EdgeSettings(run=tmp_path, **changes), rendered(tmp_path, **changes))


def test_envoy_accepts_addresses_of_a_cluster(tmp_path: Path) -> None:
    environ = {
        "XIANBAN_PARKING_ADDR": "parking-0.parking:9000,parking-1.parking:9000",
        "XIANBAN_PARKING_STREAMS_ADDR": "10.0.0.7:9001",
    }
    services = edge_services(["parking"], tmp_path, environ)
    inside = tmp_path / "tls"
    inside.mkdir()
    for name, content in Authority(tmp_path / "ca").issue("edge.test", timedelta(hours=1)).items():
        (inside / name).write_bytes(content)
    settings = EdgeSettings(
        run=tmp_path, portal=Address(host="portal", port=8000), inside_tls=str(inside)
    )
    made = render(settings, services, catalogue())
    validate(settings, made)
    by_name = {one["name"]: one for one in part(made, "cds")}
    assert by_name["parking"]["type"] == "STRICT_DNS"
    assert len(by_name["parking"]["load_assignment"]["endpoints"][0]["lb_endpoints"]) == 2
    assert by_name["parking-streams"]["type"] == "STATIC"
    assert by_name["parking-safety"]["type"] == "STRICT_DNS"


def test_of_several_processes_the_unary_servers_health_decides_for_every_lane(
    tmp_path: Path,
) -> None:
    environ = {
        "XIANBAN_PARKING_ADDR": "127.0.0.1:9010,127.0.0.1:9020",
        "XIANBAN_PARKING_STREAMS_ADDR": "127.0.0.1:9011,127.0.0.1:9021",
    }
    services = edge_services(["parking", "notify"], tmp_path, environ)
    settings = EdgeSettings(run=tmp_path)
    made = render(settings, services, catalogue())
    validate(settings, made)
    clusters = {one["name"]: one for one in part(made, "cds")}
    asked = {
        end["endpoint"]["address"]["socket_address"]["port_value"]: end["endpoint"][
            "health_check_config"
        ]["port_value"]
        for name in ("parking", "parking-streams")
        for end in clusters[name]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    }
    assert asked == {9010: 9010, 9020: 9020, 9011: 9010, 9021: 9020}
    assert "health_checks" not in clusters["notify"], "nobody else could be called instead"


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert rendered(tmp_path).files == rendered(tmp_path).files


def test_every_route_into_a_service_names_its_token_rule(tmp_path: Path) -> None:
    web = {"identity-http", "portal"}
    for route in routes(rendered(tmp_path)):
        cluster = route.get("route", {}).get("cluster")
        if cluster and cluster not in web:
            rule = route["typed_per_filter_config"][JWT]["requirement_name"]
            assert rule.removesuffix("-optional") == cluster.partition("-")[0], route["match"]


def test_only_anonymous_methods_do_without_a_token(tmp_path: Path) -> None:
    optional = {
        route["match"]["path"]
        for route in routes(rendered(tmp_path))
        if "path" in route["match"]
        and route["typed_per_filter_config"][JWT]["requirement_name"].endswith("-optional")
    }
    assert optional == {m.path for m in catalogue().methods() if m.access.anonymous}


def test_streams_go_to_their_own_server_without_a_time_limit(tmp_path: Path) -> None:
    found = {route["match"].get("path"): route for route in routes(rendered(tmp_path))}
    for method in catalogue().methods():
        route = found[method.path]["route"]
        assert (route["cluster"] == f"{method.domain}-streams") == method.streaming
        assert (route.get("timeout") == "0s") == method.streaming


def test_methods_that_take_files_get_longer_bodies(tmp_path: Path) -> None:
    large = [
        route["match"]["safe_regex"]["regex"]
        for route in routes(rendered(tmp_path))
        if "buffer" in route["typed_per_filter_config"].get("envoy.filters.http.buffer", {})
    ]
    assert "/api/parking/v1/feeds/[^/:]+:receive" in large


def test_the_descriptors_for_envoy_hold_no_internal_method() -> None:
    found = catalogue()
    kept = read(edge_descriptors(found, list(found.services)))
    assert kept.services.keys() == found.services.keys()
    assert all(not one.service for one in kept.files.file if one.package == "xianban.common.v1")


@pytest.mark.parametrize(
    ("template", "regex"),
    [
        ("/api/a/v1/{name=lots/*}", "/api/a/v1/lots/[^/:]+"),
        ("/api/a/v1/{name=lots/*}:quote", "/api/a/v1/lots/[^/:]+:quote"),
        ("/api/a/v1/{parent=residents/*}/cars", "/api/a/v1/residents/[^/]+/cars"),
        ("/api/a/v1/files/{path=**}", "/api/a/v1/files/.+"),
        ("/api/a/v1/x.y", r"/api/a/v1/x\.y"),
    ],
)
def test_templates_match_what_the_transcoder_binds(template: str, regex: str) -> None:
    assert parse(template).regex() == regex


@pytest.mark.parametrize("text", ["nowhere", "host:", ":80", "host:http"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Address.parse(text)
