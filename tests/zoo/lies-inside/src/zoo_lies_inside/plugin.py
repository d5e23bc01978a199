"""Answers the right class with wrong values in it."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    return [Concession("lies-inside", {"en": 7}, percent="all")]  # type: ignore[dict-item, arg-type]
