"""The hooks this plugin implements."""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from xianban_parking.hookspecs import Feed, FileFormat, hookimpl
from xianban_sdk.settings import Settings

from xianban_plugin_parking_replay.history_file import OccupancyHistory
from xianban_plugin_parking_replay.record import CarPark, read_record
from xianban_plugin_parking_replay.replay import ReplayedLot, ReplayFeed

__all__ = ["feeds", "register_feed", "register_file_format"]

_PACKAGE = files("xianban_plugin_parking_replay")
# Lots tell one after the other, as independent car parks would, not all in one second.
_APART = timedelta(minutes=2)


@hookimpl
def register_feed() -> list[Feed]:
    """One replay per area of the demo district; none outside the demo."""
    return [*feeds()] if Settings.load().demo else []


@hookimpl
def register_file_format() -> list[FileFormat]:
    """Occupancy history, also of other car parks than the replayed ones."""
    return [OccupancyHistory()]


def feeds() -> list[ReplayFeed]:
    """The replays that lots.toml describes, on the carried record."""
    tables = tomllib.loads(_PACKAGE.joinpath("lots.toml").read_text("utf-8"))["feed"]
    codes = [code for table in tables for code in table["lots"].values()]
    packed = _PACKAGE.joinpath("birmingham-occupancy.csv.gz").read_bytes()
    parks, first = read_record(gzip.decompress(packed).decode().splitlines(), codes)
    return [_feed(table, number, parks, first) for number, table in enumerate(tables)]


def _feed(
    table: Mapping[str, Any], number: int, parks: Mapping[str, CarPark], first: date
) -> ReplayFeed:
    # Areas interleave: 0, 4, 8 … minutes here, 2, 6, 10 … there.
    lots = [
        ReplayedLot(lot, parks[code], (2 * place + number) * _APART)
        for place, (lot, code) in enumerate(table["lots"].items())
    ]
    return ReplayFeed(table["id"], table["names"], lots, first)
