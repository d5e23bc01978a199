"""`xianban plugin serve`: one plugin wherever somebody runs it, in a container mostly (tier 2)."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import grpc
import typer
from xianban.plugin.v1.plugin_pb2_grpc import add_PluginProcessServiceServicer_to_server

from xianban_sdk.cli.console import console, fail
from xianban_sdk.cli.options import Data, load
from xianban_sdk.cli.plugin.words import refuse, say
from xianban_sdk.plugins.addresses import Address, admit, listen_on
from xianban_sdk.plugins.domains import Domain, domain, domain_names
from xianban_sdk.plugins.manifest import Manifest, PluginRefused, read_manifest
from xianban_sdk.probe import open_probe
from xianban_sdk.sandbox.frames import MOST_REQUEST
from xianban_sdk.sandbox.loading import Misfit, implementations
from xianban_sdk.sandbox.loading import load as load_entry
from xianban_sdk.sandbox.serving import MOST_HOSTS, Part, Served, Serving
from xianban_sdk.settings import Settings

__all__ = ["register", "run"]

_GRACE_SECONDS: Final = 2.0
_GROUP: Final = "xianban."
_OPEN_TO_ITS_GROUP: Final = 0o660


def register(group: typer.Typer) -> None:
    """Adds the command."""
    group.command("serve")(serve)


def run(arguments: Sequence[str]) -> NoReturn:
    """The command alone."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    app(arguments, prog_name="xianban plugin serve")
    raise AssertionError  # typer ends the process; its type does not say so


def serve(
    plugin: Annotated[
        str, typer.Argument(help="An installed plugin's id or package, or a folder.")
    ],
    listen: Annotated[str, typer.Option(help="unix:PATH, or HOST:PORT with XIANBAN_PLUGIN_TLS.")],
    data: Data = None,
) -> None:
    """Runs one plugin for hosts elsewhere (tier 2), until it is ended."""
    settings = load(data=data)
    _log_to_stderr()
    try:
        found = _found(plugin)
        address = Address.parse(listen)
        server = _server(found, address, settings)
    except (PluginRefused, Misfit) as error:
        fail(str(error))
    told = f"{found.manifest.id} {found.manifest.version}"
    console.print(say("plugin-served", plugin=told, address=listen), highlight=False)
    over = threading.Event()

    def end(_number: int, _frame: object) -> None:
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    probe = open_probe(settings, lambda: not over.is_set())
    over.wait()
    server.stop(_GRACE_SECONDS).wait()
    if probe is not None:
        probe.stop(None)


@dataclass(frozen=True, slots=True)
class _Found:
    manifest: Manifest
    entries: Sequence[tuple[Domain, str]]
    """Each of its domains, and what is loaded for it."""


def _found(named: str) -> _Found:
    if Path(named).is_dir():
        return _in_folder(Path(named).absolute())
    points = [
        (name, point)
        for name in domain_names()
        for point in entry_points(group=_GROUP + name)
        if named in (point.name, _package_of(point))
    ]
    if not points:
        refuse("store-no-plugin", field=named)
    entries = [(domain(name), point.value) for name, point in points]
    return _Found(read_manifest(_package_of(points[0][1])), entries)


def _package_of(point: EntryPoint) -> str:
    return point.module.partition(".")[0]


def _in_folder(folder: Path) -> _Found:
    from xianban_sdk.plugins.conformance.source import open_source

    source = open_source(folder)
    sys.path.insert(0, str(source.package.parent))
    return _Found(source.manifest, [(one, source.entry) for one in source.domains])


def _part(manifest: Manifest, one: Domain, entry: str) -> Part:
    hooks: dict[str, Any] = implementations(one.module, load_entry(entry), manifest.id)
    if undeclared := sorted(hooks.keys() - manifest.hooks):
        raise PluginRefused(f"{manifest.id} does not declare {', '.join(undeclared)}")
    return Part(one.module, hooks)


def _server(found: _Found, address: Address, settings: Settings) -> grpc.Server:
    manifest = found.manifest
    parts = {one.import_name: _part(manifest, one, entry) for one, entry in found.entries}
    served = Served(manifest.id, manifest.version, parts)
    # Whoever is attached holds a thread.
    threads = ThreadPoolExecutor(MOST_HOSTS + manifest.limits.calls_at_once)
    server = grpc.server(threads, options=_options())
    add_PluginProcessServiceServicer_to_server(Serving(served, admit(address, settings)), server)
    if address.socket is not None:
        address.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    listen_on(server, address, settings)
    if address.socket is not None:
        address.socket.chmod(_OPEN_TO_ITS_GROUP)
    server.start()
    return server


def _options() -> list[tuple[str, Any]]:
    return [
        ("grpc.max_receive_message_length", MOST_REQUEST),
        ("grpc.max_send_message_length", MOST_REQUEST),
        # One plugin, one process: a second one on the same port would answer half of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]


def _log_to_stderr() -> None:
    """Containers' logs are what they write there; hosts are told the same lines."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
