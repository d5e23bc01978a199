"""Well-behaved: what the others must not cost it."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    return [Concession("good", {"en": request.lot}, percent=10)]
