"""Catches even its own cancellation."""

from __future__ import annotations

import time

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue
