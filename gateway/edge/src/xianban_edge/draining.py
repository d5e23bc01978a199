"""Asks Envoy by its admin interface, and takes it out of service without cutting a call."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from xianban_edge.settings import EdgeSettings

# How long an open connection may be silent at the end before it is cut.
_FAREWELL_SECONDS = 0.5
_POLL_SECONDS = 0.05


def drain(settings: EdgeSettings, grace: float, alive: Callable[[], bool] = lambda: True) -> None:
    """Lets nobody new in and returns when all have gone, after ``grace`` seconds at most."""
    try:
        # From now on each answer closes its connection; then nobody new is let in.
        admin(settings, "POST", "/drain_listeners?graceful&skip_exit")
        time.sleep(min(_FAREWELL_SECONDS, grace))
        admin(settings, "POST", "/drain_listeners")
        _wait_for_silence(settings, grace, alive)
    except OSError:
        return  # it is already on its way out


def _wait_for_silence(settings: EdgeSettings, grace: float, alive: Callable[[], bool]) -> None:
    """Until all have gone, or those left have asked for nothing for a moment."""
    quiet_since = time.monotonic()
    for _ in ticks(grace):
        if not alive() or stat(settings, "http.edge.downstream_cx_active") == 0:
            return
        now = time.monotonic()
        if stat(settings, "http.edge.downstream_rq_active") > 0:
            quiet_since = now
        elif now - quiet_since > _FAREWELL_SECONDS:
            return


def stat(settings: EdgeSettings, name: str) -> int:
    """One of Envoy's counters or gauges; 0 while it does not exist."""
    found = json.loads(admin(settings, "GET", f"/stats?format=json&filter=^{name}$"))
    values = cast("list[dict[str, Any]]", found.get("stats", []))
    return next((int(one["value"]) for one in values if one.get("name") == name), 0)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("edge", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def admin(settings: EdgeSettings, verb: str, path: str) -> bytes:
    """Asks Envoy's admin interface; `OSError` while there is none."""
    with closing(_UnixConnection(settings.admin)) as connection:
        connection.request(verb, path)
        return connection.getresponse().read()


def ticks(seconds: float) -> Iterator[None]:
    """Comes round until the seconds are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(_POLL_SECONDS)
