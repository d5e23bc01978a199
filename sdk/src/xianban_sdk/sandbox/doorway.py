"""The only way out: the host connects to a declared host and hands over the connection.

`socket.create_connection` asks for it, and so does all that is built on it (httpx, urllib,
http.client, smtplib, TLS over them). Sockets of one's own can't be made here.
"""

from __future__ import annotations

import socket
import threading
from typing import Any, Final

__all__ = ["REFUSED", "open_doorway"]

_LONGEST: Final = 512
# The first byte of an answer without a connection; the reason follows.
REFUSED: Final = b"!"


def open_doorway(host_side: socket.socket | None) -> None:
    """Makes connections come through the host; without one, none do."""
    turn = threading.Lock()

    def create_connection(
        address: tuple[str, int], timeout: Any = None, *_: Any, **__: Any
    ) -> socket.socket:
        if host_side is None:
            raise PermissionError("this plugin declares no host")
        with turn:
            host_side.send(f"{address[0]}:{address[1]}".encode()[:_LONGEST])
            told, connections, _flags, _from = socket.recv_fds(host_side, _LONGEST, 1)
        if not connections:
            raise ConnectionError(told.removeprefix(REFUSED).decode("utf-8", "replace"))
        made = socket.socket(fileno=connections[0])
        made.settimeout(timeout if isinstance(timeout, int | float) else None)
        return made

    socket.create_connection = create_connection
