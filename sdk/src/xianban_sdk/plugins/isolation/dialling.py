"""Connects for a plugin to the hosts that its manifest declares, and to no others.

The plugin gets the connected socket; it can neither make one nor connect it elsewhere.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from xianban_sdk.plugins.isolation.declared import address_of
from xianban_sdk.sandbox.doorway import REFUSED
from xianban_sdk.telemetry import log

__all__ = ["Dialler", "Refused"]

_SECONDS: Final = 10.0
_LONGEST: Final = 512


class Refused(PermissionError):
    """The plugin may not connect there."""


class Dialler:
    """Answers one plugin's wishes for connections, one after the other."""

    def __init__(self, plugin: str, hosts: Iterable[str], private: Iterable[str]) -> None:
        self._plugin = plugin
        self._hosts = frozenset(map(address_of, hosts))
        # Hosts of the operator's own network that may be among them.
        self._private = frozenset(map(address_of, private))

    def serve(self, door: socket.socket) -> None:
        """Answers at the door until the plugin is gone, in a thread of its own."""
        threading.Thread(target=self._serve, args=(door,), daemon=True).start()

    def _serve(self, door: socket.socket) -> None:
        with door, suppress(ConnectionError):
            while wish := door.recv(_LONGEST):
                self._answer(door, wish.decode("utf-8", "replace"))

    def _answer(self, door: socket.socket, wish: str) -> None:
        try:
            with self.connect(*address_of(wish)) as made:
                socket.send_fds(door, [b"+"], [made.fileno()])
        except (OSError, ValueError) as error:
            # ValueError: no address at all; the next wish may be one.
            log.warning("plugin_not_connected", plugin=self._plugin, host=wish, error=str(error))
            door.send(REFUSED + str(error).encode()[: _LONGEST - 1])

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to a declared host; Refused for another, or one on a private network."""
        if (host, port) not in self._hosts:
            raise Refused(f"the manifest declares no host {host}:{port}")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # The address that was looked at is the one that is taken: a name may change its mind.
        for family, kind, protocol, _, address in found:
            if (host, port) not in self._private and not _is_public(str(address[0])):
                continue
            made = socket.socket(family, kind, protocol)
            made.settimeout(_SECONDS)
            try:
                made.connect(address)
            except OSError:
                made.close()
                continue
            made.setblocking(True)
            return made
        raise Refused(f"{host}:{port} can't be reached, or is on a private network")


def _is_public(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_global
