"""Needs what is not installed."""

from __future__ import annotations

from a_package_that_nobody_has import concessions
from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    return concessions(request)
