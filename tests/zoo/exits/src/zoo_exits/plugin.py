"""Ends its process without a word."""

from __future__ import annotations

import os

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    os._exit(3)
