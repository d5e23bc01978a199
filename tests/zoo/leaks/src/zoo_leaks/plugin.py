"""Keeps ever more memory."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl

_kept: list[bytearray] = []


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    _kept.append(bytearray(32 * 1024 * 1024))
    return [Concession("leaks", {"en": str(len(_kept))}, percent=1)]
