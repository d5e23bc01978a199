"""Answers 50 MB."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    return [Concession("huge-reply", {"en": "x" * 50_000_000}, percent=1)]
