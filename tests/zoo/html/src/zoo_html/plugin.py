"""Answers texts that a page must not take at their word."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    return [Concession("html", {"en": "<script>alert(1)</script>"}, percent=1)]
