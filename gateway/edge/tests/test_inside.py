"""Envoy and the processes behind it over TCP: each proves to the other which one it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from xianban_edge import Address, Edge, EdgeSettings, edge_services
from xianban_edge.cli import edge as command
from xianban_edge.descriptors import catalogue
from xianban_edge.draining import drain
from xianban_edge.envoy.files import render
from xianban_edge.run import validate
from xianban_sdk.authority import Authority
from xianban_sdk.http_side import HttpSide
from xianban_sdk.inside import TlsRequired, certificates, workload_name
from xianban_sdk.probe import probe_handler
from xianban_sdk.rpc.grpc_transport import server
from xianban_sdk.rpc.pool import Pool
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port


def tls(folder: Path, authority: Authority, process: str) -> str:
    folder.mkdir(parents=True)
    for name, content in authority.issue(workload_name(process), timedelta(hours=1)).items():
        (folder / name).write_bytes(content)
    return str(folder)


@contextmanager
def pages(own: Settings) -> Iterator[Address]:
    """Something that answers as the portal would, over TLS."""

    def greet(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("content-length", "5")])
        return [b"pages"]

    address = f"127.0.0.1:{free_port()}"
    side = HttpSide(greet, address, certificates(address, own))
    thread = threading.Thread(target=side.run, daemon=True)
    thread.start()
    try:
        yield Address.parse(address)
    finally:
        side.stop()
        thread.join(30)


@contextmanager
def envoy(run: Path, portal: Address, inside_tls: str) -> Iterator[EdgeSettings]:
    settings = EdgeSettings(
        run=run,
        bind=Address(host="127.0.0.1", port=free_port()),
        portal=portal,
        inside_tls=inside_tls,
        probe=Address(host="127.0.0.1", port=free_port()),
    )
    edge = Edge(settings, edge_services(["parking"], run, {}))
    edge.start(timeout=60)
    try:
        yield settings
    finally:
        edge.stop(grace=0)


def get(address: Address, path: str) -> httpx.Response:
    return httpx.get(f"http://{address.host}:{address.port}{path}", timeout=30)


def test_envoy_shows_its_certificate_and_asks_for_the_portals(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    own = tls(tmp_path / "edge", authority, "edge")
    portal = Settings(tls=tls(tmp_path / "portal", authority, "portal"))
    with pages(portal) as address, envoy(tmp_path / "run", address, own) as settings:
        answer = get(settings.bind, "/")
        assert (answer.status_code, answer.text) == (200, "pages")


def test_envoy_takes_nobody_else_for_the_portal(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    own = tls(tmp_path / "edge", authority, "edge")
    other = Settings(tls=tls(tmp_path / "parking", authority, "parking"))
    with pages(other) as address, envoy(tmp_path / "run", address, own) as settings:
        assert get(settings.bind, "/").status_code == 503


def test_a_cluster_asks_two_things_on_a_port_of_their_own(tmp_path: Path) -> None:
    own = tls(tmp_path / "edge", Authority(tmp_path / "ca"), "edge")
    nowhere = Address(host="127.0.0.1", port=free_port())
    with envoy(tmp_path / "run", nowhere, own) as settings:
        assert settings.probe is not None
        assert get(settings.probe, "/ready").text.strip() == "LIVE"
        assert "envoy_server_live 1" in get(settings.probe, "/stats/prometheus").text.replace(
            "{}", ""
        )
        for path in ("/", "/quitquitquit", "/config_dump", "/ready/../config_dump"):
            assert get(settings.probe, path).status_code == 404
        port = settings.probe.port
        assert httpx.post(f"http://127.0.0.1:{port}/ready", timeout=30).status_code == 404
        drain(settings, 5)
        with pytest.raises(httpx.HTTPError):
            get(settings.bind, "/")


def test_envoy_accepts_the_whole_configuration_of_a_cluster(tmp_path: Path) -> None:
    own = tls(tmp_path / "edge", Authority(tmp_path / "ca"), "edge")
    names = catalogue().domains()
    environ = {f"XIANBAN_{name.upper()}_ADDR": f"xianban-{name}:9000" for name in names}
    settings = EdgeSettings(
        run=tmp_path,
        inside_tls=own,
        probe=Address(host="0.0.0.0", port=9902),
        portal=Address(host="xianban-portal", port=8000),
        identity_http=(Address(host="xianban-identity", port=9003),),
    )
    made = render(settings, edge_services(names, tmp_path, environ), catalogue())
    validate(settings, made)
    clusters = json.loads(made.files["cds.json"])["resources"]
    unproven = [one["name"] for one in clusters if "transport_socket" not in one]
    assert unproven == ["otlp"]


def test_of_several_processes_who_is_going_gets_no_call_also_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    parking = Settings(tls=tls(tmp_path / "parking", authority, "parking"))
    with healthy(parking, True) as there, healthy(parking, False) as going:
        run = tmp_path / "run"
        settings = EdgeSettings(
            run=run,
            bind=Address(host="127.0.0.1", port=free_port()),
            inside_tls=tls(tmp_path / "edge", authority, "edge"),
        )
        told = {"XIANBAN_PARKING_ADDR": f"{there},{going}"}
        edge = Edge(settings, edge_services(["parking"], run, told))
        edge.start(timeout=60)
        try:
            assert seen(settings, there, "health_flags::healthy")
            assert seen(settings, going, "health_flags::/failed_active_hc")
        finally:
            edge.stop(grace=0)


@contextmanager
def healthy(own: Settings, well: bool) -> Iterator[str]:
    """A service's server that answers for its health alone."""
    address = f"127.0.0.1:{free_port()}"
    known = certificates(address, own)
    made = server(
        address, Pool(2, "parking", ""), [probe_handler(lambda: well)], limit=None, known=known
    )
    made.start()
    try:
        yield address
    finally:
        made.stop(None).wait()


def seen(settings: EdgeSettings, address: str, flags: str) -> bool:
    """Whether Envoy comes to think so of it."""
    transport = httpx.HTTPTransport(uds=str(settings.admin))
    with httpx.Client(transport=transport, base_url="http://edge", timeout=10) as admin:
        for _ in range(300):
            if f"parking::{address}::{flags}\n" in admin.get("/clusters").text:
                return True
            time.sleep(0.1)
    return False


def test_without_certificates_nobody_is_reached_over_a_network(tmp_path: Path) -> None:
    services = edge_services(["parking"], tmp_path, {"XIANBAN_PARKING_ADDR": "parking:9000"})
    with pytest.raises(TlsRequired, match="XIANBAN_TLS"):
        render(EdgeSettings(run=tmp_path), services, catalogue())


def test_the_command_writes_what_an_envoy_of_somebody_elses_reads(tmp_path: Path) -> None:
    own = tls(tmp_path / "edge", Authority(tmp_path / "ca"), "edge")
    told = {
        "XIANBAN_RUN": str(tmp_path / "run"),
        "XIANBAN_DATA": str(tmp_path / "data"),
        "XIANBAN_TLS": own,
        "XIANBAN_DEMO": "0",
        "XIANBAN_PROBE": "0.0.0.0:9902",
        "XIANBAN_EDGE_SERVICES": "parking",
        "XIANBAN_PARKING_ADDR": "xianban-parking:9000",
    }
    result = CliRunner().invoke(command, ["render"], env=told)
    assert result.exit_code == 0, result.output
    # A run directory too long for a socket is another one; the settings say which.
    folder = Settings.load(environ=told).run / "edge"
    clusters = json.loads((folder / "cds.json").read_text())["resources"]
    names = {one["name"] for one in clusters}
    assert {"parking", "parking-streams", "portal"} <= names
    assert "eldercare" not in names
