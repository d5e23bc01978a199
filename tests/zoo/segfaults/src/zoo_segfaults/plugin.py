"""Writes where it must not."""

from __future__ import annotations

import ctypes

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    ctypes.memset(1, 0, 8)
    return []
