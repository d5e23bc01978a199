"""Implements a hook that its manifest does not name."""

from __future__ import annotations

from xianban_parking.hookspecs import Concession, ConcessionRequest, Geocoder, hookimpl


@hookimpl
def register_geocoder() -> list[Geocoder]:
    return []


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    return []
