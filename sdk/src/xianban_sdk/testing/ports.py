"""Ports for servers of tests."""

from __future__ import annotations

import os
import socket
from itertools import count
from typing import Final

__all__ = ["free_port"]

_FIRST: Final = 10_080
_MANY: Final = 21_900
# Where the search begins depends on the process: test runs beside each other do not race.
_numbers = count(os.getpid() * 37)


def free_port() -> int:
    """One on loopback that nobody listens on, another at each call.

    Below the ephemeral range of Linux (32768 and above), so that no client's own port takes it.
    """
    for number in _numbers:
        port = _FIRST + number % _MANY
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("numbers do not end")
