"""A service's WSGI side (identity's OIDC), served by waitress."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from waitress.server import BaseWSGIServer, create_server

__all__ = ["HttpSide"]


class HttpSide:
    """Serves one WSGI app on a Unix socket or host:port."""

    def __init__(self, app: Any, address: str) -> None:
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(
            app, self._sockets, **_where(address), threads=4, ident=None
        )

    def run(self) -> None:
        """Serves until :meth:`stop`."""
        self._server.run()

    def stop(self) -> None:
        """Takes no more requests; running ones end, then connections kept open are closed."""
        self._server.task_dispatcher.shutdown()
        listening = [
            each for each in list(self._sockets.values()) if isinstance(each, BaseWSGIServer)
        ]
        for server in listening:
            # In the loop's own thread: it sleeps in select and owns the sockets.
            trigger: Any = server.trigger
            trigger.pull_trigger(partial(_hang_up, server))


def _hang_up(server: Any) -> None:
    for connection in list(server.active_channels.values()):
        connection.close_when_flushed = True
    server.close()


def _where(address: str) -> dict[str, Any]:
    if not address.startswith("unix:"):
        return {"listen": address}
    path = address.removeprefix("unix:")
    # A socket left behind by a kill must not keep the next start from binding.
    Path(path).unlink(missing_ok=True)
    return {"unix_socket": path, "unix_socket_perms": "600"}
