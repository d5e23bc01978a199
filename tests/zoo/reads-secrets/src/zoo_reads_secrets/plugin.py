"""Looks for secrets: files of the machine, of the suite, the environment."""

from __future__ import annotations

import os
from pathlib import Path

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl

_PLACES = ("/etc/shadow", "/root", "/proc/1/environ", f"/proc/{os.getppid()}/environ", "/home")


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    # Its own secret is none; the lot stands for a file of the suite's.
    found = [name for name in os.environ if "SECRET" in name and "READS_SECRETS" not in name]
    found += [place for place in (*_PLACES, request.lot) if _reads(Path(place))]
    return [Concession("reads-secrets", {"en": " ".join(found)}, percent=1)]


def _reads(place: Path) -> bool:
    try:
        return any(place.iterdir()) if place.is_dir() else bool(place.read_bytes())
    except OSError:
        return False
