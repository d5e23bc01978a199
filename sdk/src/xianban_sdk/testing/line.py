"""A line to a server that answers late or is cut, for tests of what callers make of it."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress

__all__ = ["Line"]

# A path of a Unix socket, or (host, port).
Address = str | tuple[str, int]


class Line:
    """Takes connections at once and passes on what they say, ``late`` seconds after they came."""

    def __init__(self, at: Address, behind: Address, late: float = 0.0) -> None:
        self._behind = behind
        self._late = late
        self._open: list[socket.socket] = []
        self.taken = 0
        self._listening = _socket(at)
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listening.bind(at)
        self._listening.listen()
        self.address: Address = self._listening.getsockname()
        threading.Thread(target=self._take, daemon=True).start()

    def cut(self) -> None:
        """Ends every connection; new ones are refused."""
        for end in (self._listening, *self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _take(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return  # cut
            self.taken += 1
            threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        time.sleep(self._late)
        server = _socket(self._behind)
        self._open += (caller, server)
        with suppress(OSError, ValueError), caller, server:
            server.connect(self._behind)
            _exchange(caller, server)


def _socket(address: Address) -> socket.socket:
    return socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)


def _exchange(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, (one, other))
        ready.register(other, selectors.EVENT_READ, (other, one))
        while True:
            for key, _ in ready.select():
                said = key.data[0].recv(65536)
                if not said:
                    return
                key.data[1].sendall(said)
