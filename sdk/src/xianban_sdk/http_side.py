"""A service's WSGI side (identity's OIDC), served by uvicorn on a Unix socket or over TLS."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, Final

import uvicorn
from a2wsgi import WSGIMiddleware

from xianban_sdk.inside import Certificates

__all__ = ["HttpSide"]

_THREADS: Final = 4
_UNIX: Final = "unix:"


class HttpSide:
    """One WSGI app on a Unix socket or host:port; with certificates to its own kind only.

    An address that can't be had is said at once, in the caller's thread.
    """

    def __init__(self, app: Any, address: str, known: Certificates | None = None) -> None:
        self._socket = _listening(address)
        config = uvicorn.Config(
            WSGIMiddleware(app, workers=_THREADS),
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # Longer than any caller of ours keeps one: nobody speaks into a connection that ends.
            timeout_keep_alive=75,
        )
        config.load()
        if known is not None:
            # uvicorn makes its context of files that it reads once; ours follows replaced ones.
            config.ssl = known.http_server()
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        """Serves until :meth:`stop`; running requests end first."""
        self._server.run([self._socket])

    def stop(self) -> None:
        """Takes no more requests."""
        self._server.should_exit = True


def _listening(address: str) -> socket.socket:
    if not address.startswith(_UNIX):
        host, _, port = address.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    path = address.removeprefix(_UNIX)
    # A socket left behind by a kill must not keep the next start from binding.
    Path(path).unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    os.chmod(path, 0o600)
    made.listen()
    return made
