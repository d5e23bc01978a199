"""Tries to leave its process by other programs."""

from __future__ import annotations

import subprocess

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    for command in (["/bin/sh", "-c", "true"], ["/usr/bin/id"]):
        subprocess.run(command, check=True)
    return [Concession("escapes", {"en": "ran"}, percent=1)]
