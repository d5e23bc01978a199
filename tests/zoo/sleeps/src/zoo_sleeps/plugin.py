"""Sleeps where no Python code can be interrupted."""

from __future__ import annotations

import time

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    time.sleep(3600)
    return []
