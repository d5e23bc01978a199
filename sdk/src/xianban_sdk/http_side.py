"""A service's WSGI side (identity's OIDC): waitress on a socket, cheroot over TLS.

waitress speaks no TLS; cheroot does, and asks its caller for a certificate.
"""

from __future__ import annotations

# cheroot ships no types:
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from waitress.server import BaseWSGIServer, create_server

from xianban_sdk.inside import Certificates

__all__ = ["HttpSide", "Side", "http_side"]

_THREADS: Final = 4


class Side(Protocol):
    """What serves until it is told to stop; running requests end first."""

    def run(self) -> None: ...
    def stop(self) -> None: ...


def http_side(app: Any, address: str, known: Certificates | None) -> Side:
    """Serves one WSGI app on a Unix socket or host:port; with certificates to its own kind only."""
    return HttpSide(app, address) if known is None else TlsSide(app, address, known)


class TlsSide:
    """Serves one WSGI app over TLS, to those who show a certificate of the same CA."""

    def __init__(self, app: Any, address: str, known: Certificates) -> None:
        host, _, port = address.rpartition(":")
        self._server: Any = wsgi.Server(
            (host.strip("[]"), int(port)), app, numthreads=_THREADS, server_name="xianban"
        )
        self._server.ssl_adapter = _Adapter(known)
        # An address that can't be had is said at the start, in the caller's thread.
        self._server.prepare()

    def run(self) -> None:
        """Serves until :meth:`stop`."""
        self._server.serve()

    def stop(self) -> None:
        """Takes no more requests; running ones end."""
        self._server.stop()


class _Adapter(BuiltinSSLAdapter):
    """cheroot's own, on a context that follows replaced files."""

    def __init__(self, known: Certificates) -> None:
        # Its __init__ would read the files once, and never again.
        self.context = known.http_server()

    def get_environ(self, sock: Any) -> dict[str, Any]:
        """WSGI's words for it; who the caller is has been proven by the handshake."""
        return {"wsgi.url_scheme": "https", "HTTPS": "on"}


class HttpSide:
    """Serves one WSGI app on a Unix socket or the machine's own host:port."""

    def __init__(self, app: Any, address: str) -> None:
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(
            app, self._sockets, **_where(address), threads=_THREADS, ident=None
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
