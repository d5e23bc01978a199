"""The formats this plugin reads, the most particular first."""

from __future__ import annotations

from typing import Final

from xianban_plugin_parking_parkapi.source import Source
from xianban_plugin_parking_parkapi.sources.arcgis import KONSTANZ
from xianban_plugin_parking_parkapi.sources.bfrk import BFRK
from xianban_plugin_parking_parkapi.sources.datex import (
    FACILITIES,
    FACILITY_STATUS,
    PARKING_STATUS,
    PARKING_TABLE,
)
from xianban_plugin_parking_parkapi.sources.geojson import HEIDELBERG, JENA, KARLSRUHE
from xianban_plugin_parking_parkapi.sources.parkapi import PARKAPI
from xianban_plugin_parking_parkapi.sources.tables import (
    BIETIGHEIM,
    GOLDBECK,
    KELTERN,
    REUTLINGEN,
)

__all__ = ["SOURCES"]

SOURCES: Final[tuple[Source, ...]] = (
    KARLSRUHE,
    JENA,
    HEIDELBERG,
    KONSTANZ,
    BFRK,
    BIETIGHEIM,
    GOLDBECK,
    KELTERN,
    REUTLINGEN,
    PARKING_TABLE,
    PARKING_STATUS,
    FACILITIES,
    FACILITY_STATUS,
    PARKAPI,
)
