"""A plugin reaches the hosts that it declares, through its host, and nothing else."""

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from xianban_sdk.plugins import NOBODY, Manifest, PluginRefused
from xianban_sdk.plugins.isolation.declared import address_of, hosts_of, secrets_of, variables_of
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret
from xianban_sdk.simulating import running

FETCH = """
@hookimpl
def tariff_concessions(request):
    import http.client, httpx, urllib.request
    told = {}
    for name, get in {
        "httpx": lambda: httpx.get(request.lot, trust_env=False).text,
        "urllib": lambda: urllib.request.urlopen(request.lot).read().decode(),
    }.items():
        try:
            told[name] = get()
        except Exception as error:
            told[name] = f"{type(error).__name__}: {error}"
    return [Concession("k", told, percent=1)]
"""
ELSEWHERE = """
@hookimpl
def tariff_concessions(request):
    host, port = request.lot.split(":")
    made, told = socket.create_connection((host, int(port))), {}
    for name, leave in {
        "connect": lambda: made.connect(("127.0.0.1", 9)),
        "unspecified": lambda: made.connect(("0.0.0.0", 0)),
        "fast open": lambda: made.sendto(b"x", 0x20000000, ("127.0.0.1", 9)),
        "listen": lambda: made.listen(),
    }.items():
        try:
            told[name] = str(leave())
        except OSError as error:
            told[name] = type(error).__name__
    return [Concession("k", told, percent=1)]
"""


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = HTTPServer(("127.0.0.1", 0), Hello)
    with running(made):
        yield f"127.0.0.1:{made.server_port}"


def told(hooks, stay, lot):

    [result] = hooks.each("tariff_concessions", 5, about=NOBODY, request=replace(stay, lot=lot))
    assert result.error is None, result.error
    return result.value[0].names


def test_a_declared_host_is_reached_by_the_usual_libraries(written, stay, settings, server):
    object.__setattr__(settings, "plugin_private_hosts", server)
    names = told(written(FETCH, (server,)), stay, f"http://{server}/")
    assert names == {"httpx": "hello", "urllib": "hello"}


def test_a_host_of_the_own_network_is_the_operators_to_allow(written, stay, server):
    names = told(written(FETCH, (server,)), stay, f"http://{server}/")
    assert all("private network" in text for text in names.values())


def test_another_host_is_not_reached(written, stay, settings, server):
    object.__setattr__(settings, "plugin_private_hosts", server)
    names = told(written(FETCH, ("api.example.com:443",)), stay, f"http://{server}/")
    assert all("declares no host" in text for text in names.values())


WISHES = """
@hookimpl
def tariff_concessions(request):
    told = {}
    for host, port in (("::1", 80), ("a.example", "none"), ("a.example", 70_000), ("[x", 1)):
        try:
            socket.create_connection((host, port))
        except ConnectionError as error:
            told[f"{host} {port}"] = type(error).__name__
    host, port = request.lot.split(":")
    socket.create_connection((host, int(port))).close()
    return [Concession("k", told, percent=1)]
"""


def test_a_wish_that_is_no_address_is_refused_and_the_next_one_is_heard(
    written, stay, settings, server
):
    object.__setattr__(settings, "plugin_private_hosts", f"10.0.0.1:80, {server}")
    names = told(written(WISHES, (server,)), stay, server)
    assert set(names.values()) == {"ConnectionError"}
    assert len(names) == 4


def test_without_declared_hosts_nothing_is_reached(written, stay, server):
    names = told(written(FETCH), stay, f"http://{server}/")
    assert all("declares no host" in text for text in names.values())


def test_a_connection_cannot_be_led_elsewhere(written, stay, settings, server):
    object.__setattr__(settings, "plugin_private_hosts", server)
    names = told(written(ELSEWHERE, (server,)), stay, server)
    assert set(names.values()) == {"PermissionError"}


def manifest(**changes):
    return Manifest("p", "1", "test", ">=1", frozenset(), **changes)


def test_hosts_and_senders_come_from_the_configuration_too(tmp_path):
    settings = Settings(data=tmp_path)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "p.toml").write_text(
        '[[feed]]\nid = "a"\nurl = "https://a.example/x"\n[[feed]]\nid = "b"\n'
        'url = "http://B.example:81"\n'
    )
    found = manifest(hosts=("config:feed.url", "c.example:8443"), secrets=("feed-{feed.id}",))
    assert hosts_of(found, settings) == ["a.example:443", "b.example:81", "c.example:8443"]
    assert secrets_of(found, settings) == {
        f"XIANBAN_SECRET_{name.upper().replace('-', '_')}": installed_secret(
            name, settings
        ).decode()
        for name in ("p", "feed-a", "feed-b")
    }


def test_any_host_is_for_plugins_in_process_alone(tmp_path):
    with pytest.raises(PluginRefused, match="names its hosts"):
        hosts_of(manifest(hosts=("*",)), Settings(data=tmp_path))


def test_a_plugin_gets_the_variables_of_its_schema_and_none_of_the_suites(monkeypatch):
    for name in ("XIANBAN_SMS_URL", "XIANBAN_DATABASE", "XIANBAN_SECRET_MASTER", "PATH"):
        monkeypatch.setenv(name, "x")
    names = ("XIANBAN_SMS_URL", "XIANBAN_DATABASE", "XIANBAN_SECRET_MASTER", "PATH", "XIANBAN_NONE")
    found = manifest(config={"properties": {name: {} for name in names}})
    assert variables_of(found) == {"XIANBAN_SMS_URL": "x"}


def test_no_plugin_is_handed_a_secret_of_the_suite(tmp_path):
    taken = Manifest("master", "1", "test", ">=1", frozenset())
    with pytest.raises(PluginRefused, match="secret of the suite"):
        secrets_of(taken, Settings(data=tmp_path))


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("a.example:8443", ("a.example", 8443)),
        ("a.example", ("a.example", 443)),
        ("https://A.example/path", ("a.example", 443)),
        ("http://a.example", ("a.example", 80)),
        ("[2001:db8::1]:25", ("2001:db8::1", 25)),
    ],
)
def test_an_address_is_read_as_people_write_it(named, address):
    assert address_of(named) == address


def test_the_suite_itself_is_a_host_like_others(tmp_path):
    settings = Settings(data=tmp_path, issuer="http://127.0.0.1:8080")
    assert hosts_of(manifest(hosts=("config:issuer",)), settings) == ["127.0.0.1:8080"]
