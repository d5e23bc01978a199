"""Calls home though it declares no host."""

from __future__ import annotations

import socket

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    reached = []
    for family, address in ((socket.AF_INET, ("127.0.0.1", 9)), (socket.AF_UNIX, "/run/x.sock")):
        try:
            opened = socket.socket(family, socket.SOCK_STREAM)
            reached.append(f"{family.name} opened")
            opened.connect(address)
        except PermissionError:
            continue
        except OSError as error:
            reached.append(error.__class__.__name__)
    return [Concession("opens-sockets", {"en": " ".join(reached)}, percent=1)]
