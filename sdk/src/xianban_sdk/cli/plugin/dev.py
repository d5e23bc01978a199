"""`xianban plugin dev`: a plugin in a small suite of its own, taken up again at each change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import orjson
import typer
from rich.markup import escape
from xianban.common.v1 import admin_pb2

from xianban_sdk.cli.admin_client import running_admin
from xianban_sdk.cli.console import console, fail
from xianban_sdk.cli.options import load
from xianban_sdk.cli.plugin.packing import told
from xianban_sdk.cli.plugin.words import locale, refuse, say
from xianban_sdk.cli.suite import ready
from xianban_sdk.parent import end_with_parent
from xianban_sdk.plugins import registry
from xianban_sdk.plugins.conformance.source import PluginSource, open_source
from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.plugins.registry import RegistryRefused, Store
from xianban_sdk.plugins.registry.watching import EVENT
from xianban_sdk.settings import Settings

__all__ = ["register"]

_TICK: Final = 0.3
_PATIENCE: Final = 300.0


def register(group: typer.Typer) -> None:
    """Adds the command."""
    group.command("dev")(dev)


def dev(
    path: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A plugin's folder.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the suite listens.")] = 8090,
    data: Annotated[
        Path | None, typer.Option(help="The suite's data, kept; else a folder that goes with it.")
    ] = None,
) -> None:
    """Runs the plugin in a suite with the demo district and shows every call; Ctrl-C ends it."""
    path = path.absolute()
    # Also where a shell started it in the background, which ignores Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with told():
        source = open_source(path)
        wanted = {one.name for one in source.domains}
    for domain in sorted(wanted - {one.name for one in entry_points(group="xianban.services")}):
        refuse("dev-no-suite", domain=domain)
    with tempfile.TemporaryDirectory(prefix="xianban-dev-") as folder:
        settings = load(data=data or Path(folder), demo=True)
        workshop = _Workshop(source, settings)
        workshop.bring_in()
        with _suite(settings, port, source.manifest.id):
            console.print(say("dev-ready", url=f"http://127.0.0.1:{port}"), highlight=False)
            workshop.work()


@dataclass
class _Workshop:
    """The plugin's folder and the suite that runs it."""

    source: PluginSource
    settings: Settings
    seen: dict[Path, int] = field(default_factory=dict[Path, int])
    read: int = 0

    def bring_in(self) -> bool:
        """Builds and installs what lies in the folder; False when something is wrong, as told."""
        self.seen = self._files()
        try:
            with tempfile.TemporaryDirectory(prefix="xianban-dev-") as folder:
                wheel = registry.build(self.source.folder, Path(folder))
                archive = registry.open_archive(wheel)
                Store(self.settings).install(archive, None, datetime.now(UTC), source="dev")
        except RegistryRefused as error:
            _complain(error.complaint.text(locale()))
        except (PluginRefused, OSError) as error:
            _complain(str(error))
        else:
            return True
        return False

    def work(self) -> None:
        """Until Ctrl-C: looks for changes, shows calls."""
        try:
            while True:
                if self._files() != self.seen and self.bring_in():
                    self._refresh()
                for line in self._new_lines():
                    _show(line)
                time.sleep(_TICK)
        except KeyboardInterrupt:
            console.print(say("dev-ends"))

    def _refresh(self) -> None:
        for domain in self.source.domains:
            with running_admin(self.settings, domain.name) as stub:
                if stub is None:
                    continue
                running = stub.RefreshPlugins(admin_pb2.RefreshPluginsRequest()).running
            plugin = self.source.manifest.id
            word = "dev-again" if plugin in running else "dev-not-running"
            console.print(f"↻ {say(word, plugin=plugin)}", highlight=False)

    def _files(self) -> dict[Path, int]:
        """Each file of the plugin and when it was changed."""
        found = [self.source.folder / "plugin.toml", *self.source.package.rglob("*")]
        changed: dict[Path, int] = {}
        for path in found:
            # An editor's own files come and go.
            with suppress(FileNotFoundError):
                if "__pycache__" not in path.parts and path.is_file():
                    changed[path] = path.stat().st_mtime_ns
        return changed

    def _new_lines(self) -> Iterator[dict[str, Any]]:
        """What the services logged since, of this plugin."""
        log = self.settings.data / "logs" / "services.log"
        if not log.is_file():
            return
        with log.open("rb") as file:
            file.seek(self.read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.read += len(line)
                if self.source.manifest.id.encode() in line:
                    yield from _parsed(line)


def _complain(text: str) -> None:
    # What is wrong quotes the code, whose brackets are no markup.
    console.print(f"[bold red]✗[/] {escape(text)}", highlight=False)


def _parsed(line: bytes) -> Iterator[dict[str, Any]]:
    try:
        yield orjson.loads(line)
    except orjson.JSONDecodeError:
        return


def _show(line: dict[str, Any]) -> None:
    if line.get("event") == EVENT:
        asked = ", ".join(line["asked"])
        words = f"{line['ms']:>8.2f} ms  {line['call']}({asked})\n             → {line['answer']}"
        console.print(words, markup=False, soft_wrap=True)
    elif line.get("level") in ("warning", "error"):
        told = line.get("error") or line.get("exception") or line.get("absent") or ""
        console.print(f"  ! {line['event']}: {told}", markup=False, highlight=False)


@contextmanager
def _suite(settings: Settings, port: int, plugin: str) -> Iterator[None]:
    """`xianban up` on a port of its own, ready; it ends with the command."""
    command = [sys.executable, "-m", "xianban_sdk.cli", "up", "--port", str(port)]
    told = {"XIANBAN_DATA": str(settings.data), "XIANBAN_PLUGIN_WATCH": plugin}
    settings.data.mkdir(parents=True, exist_ok=True)
    with (settings.data / "up.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            env={**os.environ, **told, "XIANBAN_DEMO": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    try:
        with console.status(say("dev-starting")):
            _wait(process, port, settings.data / "up.log")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    with httpx.Client(timeout=2) as client:
        while time.monotonic() < end and process.poll() is None:
            if ready(client, port):
                return
            time.sleep(_TICK)
    fail(log.read_text("utf-8", "replace")[-2000:])
