"""Tier 2: a plugin that somebody else runs comes, goes, misbehaves, and proves who it is."""

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from structlog.testing import CapturingLogger
from xianban.plugin.v1.plugin_pb2 import Call, Hello, ToPlugin
from xianban.plugin.v1.plugin_pb2_grpc import PluginProcessServiceStub
from xianban_eldercare import hookspecs as eldercare_hookspecs
from xianban_parking import hookspecs
from xianban_parking.hookspecs import LotObservation
from xianban_sdk.deadline import Deadline, current_deadline
from xianban_sdk.plugins import NOBODY, PluginRefused, build
from xianban_sdk.plugins.addresses import HOST_NAME, Address, plugin_name
from xianban_sdk.plugins.building import open_outside, take_up
from xianban_sdk.plugins.isolation import child, source_in
from xianban_sdk.plugins.isolation.failures import CallerGone, PluginGone
from xianban_sdk.plugins.manifest import parse_manifest
from xianban_sdk.plugins.tiers import ELSEWHERE, place_of
from xianban_sdk.settings import Settings
from xianban_sdk.testing.serving import begin_serving, served, wait_for

ZOO = Path(__file__).parents[3] / "tests" / "zoo"
IMPORTS = """
import logging, os, threading, time
from datetime import timedelta
from xianban_parking.hookspecs import *
"""
CODE = """
class Source:
    id, names, mode, cadence = "f", {"en": "F"}, "pull", timedelta(minutes=5)
    made = 0
    def read(self, now):
        for self.made in range(10_000):
            yield LotObservation("a", now, free=self.made)
    def parse(self, body, content_type, headers, now):
        yield Rejected("1", "made", str(self.made))
        raise PermissionError(content_type)

class Lines:
    id = "p-lines"
    def recognises(self, head):
        return True
    def read(self, path):
        for line in path.read_text().splitlines():
            yield Rejected(line, "file", path.suffix)

@hookimpl
def register_feed():
    return [Source()]

@hookimpl
def register_file_format():
    return [Lines()]

@hookimpl
def tariff_concessions(request):
    logging.getLogger("p").warning("asked about %s", request.lot)
    while request.lot == "for-ever":
        pass
    if request.lot == "exit":
        os._exit(3)
    return [Concession("p", {"en": "P"}, percent=len(request.lot))]
"""
# Plugin of the zoo → what its call ends with.
FAILS = {
    "raises": "PluginFailed",
    "hangs": "Overrun",
    "sleeps": "Overrun",
    "swallows": "Overrun",
    "exits": "PluginGone",
    "segfaults": "PluginGone",
    "stops-thread": "PluginFailed",
    "lies": "PluginLied",
    "lies-inside": "PluginLied",
    "huge-reply": "PluginLied",
}


def eventually(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class District:
    """Parking's hooks, and the processes where its plugins of tier 2 run."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self.folder = folder
        self.ends = ends
        self.hooks = build("parking", hookspecs, [])
        ends.callback(self.hooks.close)

    def write(self, code: str, version: str = "0.1.0") -> Path:
        plugin = self.folder / "p"
        shutil.copytree(ZOO / "good", plugin, dirs_exist_ok=True)
        manifest = plugin / "plugin.toml"
        hooks = '["tariff_concessions", "register_feed", "register_file_format"]'
        text = (ZOO / "good" / "plugin.toml").read_text()
        text = text.replace('["tariff_concessions"]', hooks).replace("0.1.0", version)
        manifest.write_text(text)
        (plugin / "src" / "zoo_good" / "plugin.py").write_text(IMPORTS + code)
        return plugin

    def serve(self, plugin: Path, **settings: str):
        address = settings.pop("address", f"unix:{self.folder}/{plugin.name}.sock")
        told = {f"XIANBAN_{name.upper()}": value for name, value in settings.items()}
        process = begin_serving(str(plugin), address, {"XIANBAN_DATA": str(self.folder), **told})
        self.ends.callback(process.wait)
        self.ends.callback(process.kill)
        return process

    def take_up(self, plugin: Path, hooks=None, hookspecs=hookspecs, **settings):
        hooks = hooks or self.hooks
        address = settings.pop("address", f"unix:{self.folder}/{plugin.name}.sock")
        manifest = parse_manifest((plugin / "plugin.toml").read_bytes(), plugin)
        told = Settings(data=self.folder, plugin_tiers=f"{manifest.id}=2@{address}", **settings)

        def opening():
            return open_outside(source_in(plugin), manifest, hookspecs, hooks.domain, told)

        take_up(hooks, opening(), opening)
        return manifest.id

    def runs(self) -> bool:
        return not self.hooks.quarantined

    def ask(self, stay, lot="lot"):
        results = self.hooks.each(
            "tariff_concessions", 0.5, about=NOBODY, request=replace(stay, lot=lot)
        )
        return {result.plugin.removeprefix("zoo-"): result for result in results}


@pytest.fixture
def district(tmp_path):
    with ExitStack() as ends:
        yield District(tmp_path, ends)


def joined(district, plugin: Path):
    wait_for(f"unix:{district.folder}/{plugin.name}.sock", district.serve(plugin))
    district.take_up(plugin)


def test_a_plugin_elsewhere_answers_hooks_capabilities_streams_and_reads_files(district, stay):
    joined(district, district.write(CODE))
    assert district.hooks.plugins["zoo-good"].tier == ELSEWHERE
    assert district.ask(stay)["good"].value[0].percent == 3
    [feed] = district.hooks.registered("register_feed")[0].value
    told = feed.parse(b"", "text/none", {}, stay.start)
    assert next(told).reason == "0"
    with pytest.raises(PermissionError, match="text/none"):
        next(told)
    assert [one.free for one in feed.read(stay.start)] == list(range(10_000))
    file = district.folder / "lots.txt"
    file.write_text("one\ntwo\n")
    [form] = district.hooks.registered("register_file_format")[0].value
    assert [(one.item, one.reason) for one in form.read(file)] == [
        ("one", ".txt"),
        ("two", ".txt"),
    ]
    assert file.exists()


def test_to_serve_a_plugin_nothing_else_of_the_suite_is_loaded():
    told = """
import sys
from xianban_sdk.cli import main
try:
    main()
except SystemExit as end:
    print(end.code, *sorted({name.partition(".")[0] for name in sys.modules}))
"""
    command = [sys.executable, "-c", told, "plugin", "serve", "[/nobody]", "--listen", "unix:/x"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    code, *loaded = ended.stdout.split()
    assert code == "1"
    # Brackets are no commands to the terminal.
    assert "[/nobody]" in ended.stderr
    assert not {"opentelemetry", "sqlalchemy", "kombu", "httpx", "cedarpy"} & set(loaded)


def test_a_call_for_which_nobody_waits_is_not_sent(district, stay, monkeypatch):
    log = CapturingLogger()
    monkeypatch.setattr(child, "log", log)
    joined(district, district.write(CODE))
    [hook] = district.hooks.plugins.values()
    token = current_deadline.set(Deadline(0))
    for _ in range(8):
        with pytest.raises(CallerGone):
            hook.implementations["tariff_concessions"].function(replace(stay, lot="late"))
        assert isinstance(district.ask(stay, "late")["good"].error, CallerGone)
    current_deadline.reset(token)
    assert district.ask(stay, "now")["good"].value[0].percent == 3
    said = {"plugin": "zoo-good", "text": "asked about now"}
    assert eventually(lambda: ("warning", ("plugin_said",), said) in log.calls)
    assert not any("late" in told["text"] for _, _, told in log.calls if "text" in told)


def test_what_it_logs_is_logged_here(district, stay, monkeypatch):
    log = CapturingLogger()
    monkeypatch.setattr(child, "log", log)
    joined(district, district.write(CODE))
    district.ask(stay, "nanqiao")
    said = {"plugin": "zoo-good", "text": "asked about nanqiao"}
    assert eventually(lambda: ("warning", ("plugin_said",), said) in log.calls)


def test_a_service_starts_without_it_names_it_and_takes_it_up_when_it_comes(district, stay):
    plugin = district.write(CODE)
    district.take_up(plugin)
    assert district.hooks.registered("register_feed") == []
    assert "not there" in district.hooks.quarantined["zoo-good"]
    assert district.hooks.hung == {}
    assert district.ask(stay) == {}
    district.serve(plugin)
    assert eventually(district.runs, 60)
    assert district.ask(stay)["good"].error is None
    assert [one.plugin for one in district.hooks.registered("register_feed")] == ["zoo-good"]


def test_one_that_went_is_skipped_at_once_and_goes_on_when_it_is_back(district, stay):
    plugin = district.write(CODE)
    joined(district, plugin)
    [feed] = district.hooks.registered("register_feed")[0].value
    assert isinstance(district.ask(stay, "exit")["good"].error, PluginGone)
    assert eventually(lambda: "not there" in district.hooks.quarantined.get("zoo-good", ""))
    begun = time.monotonic()
    assert isinstance(district.ask(stay)["good"].error, PluginRefused)
    assert time.monotonic() - begun < 0.4
    district.serve(plugin)
    assert eventually(district.runs, 60)
    assert district.ask(stay)["good"].error is None
    # What a service took at its start is asked over there as before.
    assert next(iter(feed.read(stay.start))) == LotObservation("a", stay.start, free=0)


def test_a_call_without_end_ends_its_process_when_nobody_waits_any_more(district, stay):
    plugin = district.write(CODE)
    process = district.serve(plugin)
    wait_for(f"unix:{district.folder}/p.sock", process)
    district.take_up(plugin)
    assert type(district.ask(stay, "for-ever")["good"].error).__name__ == "Overrun"
    # Python code without end is cancelled; the process and its other calls go on.
    assert eventually(lambda: district.ask(stay)["good"].error is None)
    assert process.poll() is None


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """One that behaves, beside each that does not."""
    with served(str(ZOO / "good"), tmp_path_factory.mktemp("good")) as address:
        yield address


@pytest.mark.parametrize("name", sorted(FAILS))
def test_a_bad_plugin_elsewhere_costs_its_own_answer_alone(district, stay, good, name):
    district.take_up(ZOO / "good", address=good)
    joined(district, ZOO / name)
    results = district.ask(stay)
    assert [(one.key, one.percent) for one in results["good"].value] == [("good", 10)]
    assert type(results[name].error).__name__ == FAILS[name]
    assert district.ask(stay)["good"].error is None


def test_one_process_answers_each_of_the_plugins_domains(district, stay):
    weather = """
from xianban_eldercare.hookspecs import hookimpl as eldercare_hookimpl
@eldercare_hookimpl
def register_weather():
    return []
"""
    plugin = district.write(CODE + weather)
    manifest = plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace('_format"]', '_format", "register_weather"]'))
    joined(district, plugin)
    assert district.ask(stay)["good"].value[0].percent == 3
    eldercare = build("eldercare", eldercare_hookspecs, [])
    district.ends.callback(eldercare.close)
    district.take_up(plugin, hooks=eldercare, hookspecs=eldercare_hookspecs)
    assert eldercare.plugins["zoo-good"].implementations.keys() == {"register_weather"}
    assert eldercare.registered("register_weather")[0].value == []


def test_one_of_another_version_waits_until_the_right_one_comes(district, stay):
    plugin = district.write(CODE, "0.2.0")
    process = district.serve(plugin)
    wait_for(f"unix:{district.folder}/p.sock", process)
    district.write(CODE, "0.1.0")
    district.take_up(plugin)
    assert "0.2.0" in district.hooks.quarantined["zoo-good"]
    process.kill()
    process.wait()
    district.serve(plugin)
    assert eventually(district.runs, 60)


def test_let_go_while_it_is_awaited_nobody_waits_any_more(district):
    plugin = district.write(CODE)
    district.take_up(plugin)
    district.hooks.let_go("zoo-good")
    wait_for(f"unix:{district.folder}/p.sock", district.serve(plugin))
    time.sleep(1)
    assert "zoo-good" not in district.hooks.plugins


def test_calls_need_a_session_and_end_with_it(district):
    plugin = district.write(CODE)
    address = f"unix:{district.folder}/p.sock"
    wait_for(address, district.serve(plugin))
    asked = ToPlugin(call=Call(hook="register_feed"))
    with grpc.insecure_channel(address) as channel:
        stub = PluginProcessServiceStub(channel)
        for session in ("", "guessed"):
            with pytest.raises(grpc.RpcError, match="no session"):
                stub.Ask(asked, metadata=(("xianban-session", session),))
        said = stub.Attach(
            Hello(plugin="zoo-good", version="0.1.0", hookspecs="xianban_parking.hookspecs")
        )
        session = (("xianban-session", next(said).ready.session),)
        # The host that names no bounds gets no answer of any length.
        assert stub.Ask(asked, metadata=session).HasField("failure")
        said.cancel()
        assert eventually(lambda: refused(stub, asked, session))


def refused(stub, asked, session) -> bool:
    try:
        stub.Ask(asked, metadata=session)
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.UNAUTHENTICATED
    return False


# -- over TCP -----------------------------------------------------------------------------------


class Authority:
    """A CA whose certificates name one side each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._made("ca", self.key, None)

    def directory(self, name: str, dns: str) -> str:
        made = self.folder / name
        made.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (made / "tls.key").write_bytes(private)
        (made / "tls.crt").write_bytes(self._made(name, key, dns).public_bytes(Encoding.PEM))
        (made / "ca.crt").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return str(made)

    def _made(self, name, key, dns):
        now, subject = datetime.now(UTC), self._named(name)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._named("ca"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=dns is None, path_length=None), critical=True)
        )
        if dns is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(dns)])
            made = made.add_extension(names, critical=False)
        return made.sign(self.key, hashes.SHA256())

    def _named(self, name):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


PORT = 15655


@contextmanager
def over_tcp(district, port, plugin_cert: str, host_cert: str):
    plugin, address = district.write(CODE), f"127.0.0.1:{port}"
    district.serve(plugin, address=address, plugin_tls=plugin_cert, demo="0")
    district.take_up(plugin, address=address, plugin_tls=host_cert, demo=False)
    yield


def test_over_tcp_both_sides_show_who_they_are(district, stay, tmp_path):
    authority = Authority(tmp_path / "tls")
    plugin = authority.directory("plugin", plugin_name("zoo-good"))
    host = authority.directory("host", HOST_NAME)
    with over_tcp(district, PORT, plugin, host):
        assert eventually(district.runs, 60)
        assert district.ask(stay)["good"].error is None


def test_another_plugins_certificate_makes_it_neither_plugin_nor_host(district, tmp_path):
    authority = Authority(tmp_path / "tls")
    own = authority.directory("plugin", plugin_name("zoo-good"))
    other = authority.directory("other", plugin_name("acme"))
    host = authority.directory("host", HOST_NAME)
    with over_tcp(district, PORT + 1, own, other):
        assert eventually(lambda: HOST_NAME in district.hooks.quarantined["zoo-good"], 60), (
            district.hooks.quarantined
        )
    with over_tcp_as(district, PORT + 2, other, host):
        assert "not there" in district.hooks.quarantined["zoo-good"]


@contextmanager
def over_tcp_as(district, port, plugin_cert, host_cert):
    district.hooks.let_go("zoo-good")
    with over_tcp(district, port, plugin_cert, host_cert):
        time.sleep(4)
        yield


def test_over_tcp_without_certificates_nobody_is_spoken_to(district):
    plugin = district.write(CODE)
    for address, demo in (("127.0.0.1:15660", False), ("10.1.2.3:15660", True)):
        process = district.serve(plugin, address=address, demo=str(int(demo)))
        district.take_up(plugin, address=address, demo=demo)
        assert "certificates" in district.hooks.quarantined["zoo-good"]
        assert process.wait(60) == 1
        district.hooks.let_go("zoo-good")


@pytest.mark.parametrize("address", ["", "unix:relative.sock", "host", "host:0", ":80", "h:x"])
def test_an_address_is_a_socket_or_a_host_with_its_port(address):
    with pytest.raises(PluginRefused, match=r"unix:PATH|begins with"):
        Address.parse(address)


@pytest.mark.parametrize("tiers", ["p=2", "p=2@", "p=3", "p=1@unix:/x", "p="])
def test_a_place_is_one_of_three_and_only_the_last_has_an_address(tiers):
    with pytest.raises(PluginRefused, match="none of 0, 1 and 2@ADDRESS"):
        place_of("p", tiers)


def test_one_address_may_be_that_of_many():
    assert place_of("acme", "*=2@unix:/run/{plugin}.sock").address == "unix:/run/acme.sock"
