"""Implements a hook that there is not."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concession(request: ConcessionRequest) -> list[Concession]:
    return []
