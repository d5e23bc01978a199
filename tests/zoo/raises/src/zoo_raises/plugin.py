"""Raises at each call."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    raise RuntimeError("vendor bug")
