"""A service's WSGI side (identity's OIDC), served by waitress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from waitress.server import create_server

__all__ = ["HttpSide"]


class HttpSide:
    """Serves one WSGI app on a Unix socket or host:port."""

    def __init__(self, app: Any, address: str) -> None:
        self._server: Any = create_server(app, **_where(address), threads=4, ident=None)

    def run(self) -> None:
        """Serves until :meth:`stop`."""
        self._server.run()

    def stop(self) -> None:
        """Takes no more requests; running ones end."""
        self._server.close()
        self._server.task_dispatcher.shutdown()


def _where(address: str) -> dict[str, Any]:
    if not address.startswith("unix:"):
        return {"listen": address}
    path = address.removeprefix("unix:")
    # A socket left behind by a kill must not keep the next start from binding.
    Path(path).unlink(missing_ok=True)
    return {"unix_socket": path, "unix_socket_perms": "600"}
