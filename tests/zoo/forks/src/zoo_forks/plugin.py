"""Makes processes without end."""

from __future__ import annotations

import os

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    made = 0
    while made < 1000 and os.fork():
        made += 1
    return [Concession("forks", {"en": str(made)}, percent=1)]
