"""Writes until nothing fits any more."""

from __future__ import annotations

import tempfile
from pathlib import Path

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    for number in range(100_000):
        Path(tempfile.gettempdir(), f"fill-{number}").write_bytes(b"x" * 1_000_000)
    return [Concession("fills-disk", {"en": str(number)}, percent=1)]
