"""Processes that meet over TCP prove to each other who they are; nobody else is let in."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from joserfc.jwk import ECKey
from typer.testing import CliRunner
from xianban_sdk.authority import Authority
from xianban_sdk.cli.commands import command_line
from xianban_sdk.http_side import HttpSide
from xianban_sdk.identity.workload import IdentityHttp, load_or_create_key
from xianban_sdk.inside import (
    Certificates,
    TlsRequired,
    certificates,
    http_options,
    is_workload,
    pick_channel,
    workload_name,
)
from xianban_sdk.probe import open_probe, probe_handler
from xianban_sdk.rpc.grpc_transport import server
from xianban_sdk.rpc.pool import Pool
from xianban_sdk.settings import Settings
from xianban_sdk.simulating import running
from xianban_sdk.testing.ports import free_port

LIFE = timedelta(hours=1)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def directory(folder: Path, authority: Authority, dns: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in authority.issue(dns, LIFE).items():
        (folder / name).write_bytes(content)
    return str(folder)


def settings(tmp_path: Path, authority: Authority, process: str) -> Settings:
    tls = directory(tmp_path / process, authority, workload_name(process))
    return Settings(data=tmp_path / "data", tls=tls)


@contextmanager
def answering(port: int):
    """An HTTP side of its own."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(str(port).encode())

        def log_message(self, *_):
            """Says nothing."""

    made = http.server.ThreadingHTTPServer(("127.0.0.1", port), Pages)
    with running(made):
        yield


def test_of_several_http_sides_the_first_that_is_there_answers():
    ports = [free_port(), free_port()]
    options, _ = http_options(",".join(f"127.0.0.1:{p}" for p in ports), "identity", Settings())
    with httpx.Client(**options) as client, answering(ports[1]):
        assert client.get("/").text == str(ports[1])
        with answering(ports[0]):
            assert client.get("/").text == str(ports[0])
    options, _ = http_options("127.0.0.1:1,127.0.0.1:2", "identity", Settings())
    with httpx.Client(**options) as gone, pytest.raises(httpx.ConnectError, match="none of"):
        gone.get("/")


@contextmanager
def serving(own: Settings):
    address = f"127.0.0.1:{free_port()}"
    made = server(
        address,
        Pool(2, "parking", ""),
        [probe_handler(lambda: True)],
        limit=None,
        known=certificates(address, own),
    )
    made.start()
    try:
        yield address
    finally:
        made.stop(None).wait()


def ask(channel: grpc.Channel) -> int:
    with channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status


# -- gRPC ----------------------------------------------------------------------------------------


def test_processes_of_one_authority_speak_to_each_other(tmp_path, authority):
    with serving(settings(tmp_path, authority, "parking")) as address:
        caller = settings(tmp_path, authority, "sensing")
        assert ask(pick_channel(address, "parking", caller, [])) == 1


def test_of_several_addresses_one_that_is_there_answers(tmp_path, authority):
    with serving(settings(tmp_path, authority, "parking")) as address:
        caller = settings(tmp_path, authority, "sensing")
        gone = f"127.0.0.1:{free_port()}"
        options = [("grpc.lb_policy_name", "round_robin")]
        assert ask(pick_channel(f"{gone}, {address}", "parking", caller, options)) == 1


def test_of_several_addresses_each_must_be_proven_or_at_home():
    with pytest.raises(TlsRequired):
        certificates("127.0.0.1:9000,10.0.0.7:9000", Settings())
    assert certificates("127.0.0.1:9000,127.0.0.1:9001", Settings()) is None


def test_a_peer_without_a_certificate_is_refused(tmp_path, authority):
    with serving(settings(tmp_path, authority, "parking")) as address:
        named = [("grpc.ssl_target_name_override", workload_name("parking"))]
        believing = grpc.ssl_channel_credentials(authority.certificate)
        for channel in (
            grpc.insecure_channel(address),
            grpc.secure_channel(address, believing, named),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                ask(channel)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_peer_of_another_authority_is_refused(tmp_path, authority):
    stranger = settings(tmp_path / "x", Authority(tmp_path / "other"), "sensing")
    with serving(settings(tmp_path, authority, "parking")) as address:
        with pytest.raises(grpc.RpcError) as refused:
            ask(pick_channel(address, "parking", stranger, []))
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_nobody_passes_for_another_process(tmp_path, authority):
    with serving(settings(tmp_path, authority, "parking")) as address:
        caller = settings(tmp_path, authority, "sensing")
        with pytest.raises(grpc.RpcError) as refused:
            ask(pick_channel(address, "identity", caller, []))
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("parking.xianban.internal", True),
        ("acme.plugin.xianban.internal", False),
        ("plugin-host.xianban.internal", False),
        ("parking.example.org", False),
    ],
)
def test_a_plugins_certificate_makes_it_no_process_of_the_suite(name, is_one):
    shown = {
        "transport_security_type": [b"ssl"],
        "x509_subject_alternative_name": [name.encode()],
    }
    assert is_workload(shown) is is_one
    assert is_workload({}), "on a Unix socket nobody shows any"


def test_a_call_by_a_plugins_certificate_of_the_same_authority_is_unauthenticated(
    tmp_path, authority, service_under_test
):
    import sys

    sys.path.insert(0, str(Path(__file__).parent / "rpc"))
    import echo_domain as pb

    own = settings(tmp_path, authority, "echo")
    plugin = directory(tmp_path / "p", authority, "acme.plugin.xianban.internal")
    under = service_under_test(pb.echo_app())
    with opened(under, own) as address:
        for tls, refused in ((own.tls, False), (plugin, True)):
            channel = pick_channel(address, "echo", Settings(tls=tls), [])
            with channel:
                code = answer_code(pb.EchoStub(channel).Ping, pb.Text(text="hi"))
            assert (code is grpc.StatusCode.UNAUTHENTICATED) is refused


@contextmanager
def opened(under, own):
    from xianban_sdk.rpc.grpc_transport import handlers

    address = f"127.0.0.1:{free_port()}"
    chain = under.service.chain
    made = server(
        address,
        Pool(2, "parking", ""),
        handlers(chain, ""),
        limit=None,
        known=certificates(address, own),
    )
    made.start()
    try:
        yield address
    finally:
        made.stop(None).wait()


def answer_code(method, request):
    try:
        method(request, timeout=10)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


# -- where it is needed --------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["unix:/run/x.sock", "127.0.0.1:9000", "localhost:9000"])
def test_a_socket_and_the_machines_own_loopback_need_none(address):
    assert certificates(address, Settings()) is None


@pytest.mark.parametrize("address", ["parking:9000", "0.0.0.0:9000", "10.1.2.3:9000", "[::]:9000"])
def test_over_a_network_nothing_is_spoken_or_listened_to_in_the_clear(address):
    with pytest.raises(TlsRequired, match="XIANBAN_TLS"):
        certificates(address, Settings())


def test_replaced_certificates_are_taken_over(tmp_path, authority):
    at = [0.0]
    folder = tmp_path / "tls"
    directory(folder, authority, workload_name("parking"))
    held = Certificates(folder, lambda: at[0])
    before = held.pem()
    directory(folder, authority, workload_name("parking"))
    assert held.pem() == before, "nobody looks at the files at each handshake"
    at[0] += 60
    assert held.pem().certificate != before.certificate
    assert held.current() == 1


def test_certificates_half_replaced_leave_the_old_ones_in_force(tmp_path, authority):
    at = [0.0]
    folder = tmp_path / "tls"
    directory(folder, authority, workload_name("parking"))
    held = Certificates(folder, lambda: at[0])
    before = held.pem()
    (folder / "tls.key").unlink()
    at[0] += 60
    assert held.pem() == before


# -- HTTP ----------------------------------------------------------------------------------------


@contextmanager
def http_serving(own: Settings):
    address = f"127.0.0.1:{free_port()}"

    def keys(_environ, start_response):
        body = b'{"keys":[]}'
        start_response("200 OK", [("content-length", str(len(body)))])
        return [body]

    side = HttpSide(keys, address, certificates(address, own))
    thread = threading.Thread(target=side.run, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        side.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_identitys_http_side_answers_a_process_of_the_suite(tmp_path, authority, monkeypatch):
    with http_serving(settings(tmp_path, authority, "identity")) as address:
        monkeypatch.setenv("XIANBAN_IDENTITY_HTTP_ADDR", address)
        asking = IdentityHttp(settings(tmp_path, authority, "parking"))
        assert asking.jwks() == {"keys": []}
        asking.close()


def test_identitys_http_side_refuses_who_shows_no_certificate(tmp_path, authority):
    with http_serving(settings(tmp_path, authority, "identity")) as address:
        believing = ssl.create_default_context(cadata=authority.certificate.decode())
        believing.check_hostname = False
        for scheme, verify in (("http", False), ("https", believing)):
            with httpx.Client(verify=verify) as client, pytest.raises(httpx.HTTPError):
                client.get(f"{scheme}://{address}/oauth2/jwks").raise_for_status()


# -- what a container is given -------------------------------------------------------------------


def test_a_kubelet_asks_for_health_on_a_port_of_its_own(tmp_path):
    serves = [False]
    own = Settings(data=tmp_path, probe=f"127.0.0.1:{free_port()}")
    made = open_probe(own, lambda: serves[0])
    with grpc.insecure_channel(own.probe) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        live = health_pb2.HealthCheckRequest(service="live")
        assert stub.Check(live).status == 1, "alive, whatever its database does"
        assert stub.Check(health_pb2.HealthCheckRequest()).status == 2
        serves[0] = True
        assert stub.Check(health_pb2.HealthCheckRequest()).status == 1
    made.stop(None)


def test_settings_come_from_files_where_secrets_are_mounted(tmp_path):
    url = tmp_path / "url"
    url.write_text("postgresql+psycopg://u:p@db/x\n")
    told = {"XIANBAN_DATABASE_FILE": str(url)}
    assert Settings.load(environ=told).database == "postgresql+psycopg://u:p@db/x"
    nearer = told | {"XIANBAN_DATABASE": "postgresql+psycopg://other/x"}
    assert Settings.load(environ=nearer).database == "postgresql+psycopg://other/x"


def test_a_key_that_is_mounted_read_only_is_used_as_it_is(tmp_path, monkeypatch):
    made = load_or_create_key(tmp_path / "keys", "parking")
    (tmp_path / "keys" / "parking.pub.json").unlink()

    def read_only(*_args, **_more):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("xianban_sdk.identity.workload._write", read_only)
    assert load_or_create_key(tmp_path / "keys", "parking").thumbprint() == made.thumbprint()


# -- the command ---------------------------------------------------------------------------------


def test_the_command_makes_what_processes_need_once(tmp_path):
    folder = tmp_path / "made"
    options = ["keys", str(folder), "--process", "parking", "--process", "edge"]
    first = CliRunner().invoke(command_line(), [*options, "--kubernetes"])
    assert first.exit_code == 0, first.output
    secrets = [json.loads(part) for part in first.stdout.split("---\n")[1:]]
    assert [one["metadata"]["name"] for one in secrets] == [
        "xianban-secrets",
        "xianban-edge-key",
        "xianban-edge-tls",
        "xianban-parking-key",
        "xianban-parking-tls",
    ]
    assert CliRunner().invoke(command_line(), [*options, "--kubernetes"]).stdout == first.stdout
    key = folder / "xianban-parking-key"
    public = json.loads((key / "parking.pub.json").read_bytes())
    held = ECKey.import_key((key / "parking.pem").read_bytes())
    assert public["kid"] == held.thumbprint()
    assert "d" not in public


def test_the_command_makes_a_plugins_secret_besides(tmp_path):
    options = ["keys", str(tmp_path), "--process", "notify", "--secret", "notify-webpush"]
    assert CliRunner().invoke(command_line(), options).exit_code == 0
    names = {path.name for path in (tmp_path / "xianban-secrets").iterdir()}
    assert names >= {"master.secret", "notify-webpush.secret"}


def test_the_command_renews_certificates_and_keeps_keys(tmp_path):
    options = ["keys", str(tmp_path / "made"), "--process", "parking"]
    CliRunner().invoke(command_line(), options)
    key = tmp_path / "made" / "xianban-parking-key" / "parking.pem"
    certificate = tmp_path / "made" / "xianban-parking-tls" / "tls.crt"
    before = key.read_bytes(), certificate.read_bytes()
    assert CliRunner().invoke(command_line(), [*options, "--renew"]).exit_code == 0
    assert key.read_bytes() == before[0]
    assert certificate.read_bytes() != before[1]
