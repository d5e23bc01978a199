"""Finds places by Chinese, full or initial pinyin, or English; typos are forgiven."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from rapidfuzz import fuzz
from xianban_parking.hookspecs import Place

__all__ = ["Entry", "Gazetteer", "read_places"]

MAX_QUERY: Final = 64
MAX_RESULTS: Final = 20
# Under this many of 100 a word is another word; found by the query set in the tests.
_ENOUGH: Final = 76.0
# Initials are short: only a whole match counts, or every two letters would find something.
_SHORTEST_FUZZY: Final = 3
_LISTS: Final = ("also", "pinyin", "initials")


@dataclass(frozen=True, slots=True)
class Entry:
    """A place and the ways to spell it."""

    place: Place
    spellings: tuple[str, ...]
    initials: frozenset[str]


class Gazetteer:
    """A small list of places kept in memory."""

    id = "fengxian-gazetteer"

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)

    def find(self, query: str, limit: int) -> list[Place]:
        """The best matches first; empty when nothing is near enough."""
        wanted = _folded(query[:MAX_QUERY])
        if not wanted:
            return []
        scored = [(_score(entry, wanted), entry) for entry in self._entries]
        near = [pair for pair in scored if pair[0] >= _ENOUGH]
        near.sort(key=lambda pair: -pair[0])
        return [entry.place for _, entry in near[: max(0, min(limit, MAX_RESULTS))]]


def read_places(text: str) -> list[Entry]:
    """The places of a TOML text with their further names."""
    tables = cast("Iterable[Mapping[str, object]]", tomllib.loads(text)["place"])
    return [_entry(table) for table in tables]


def _entry(table: Mapping[str, object]) -> Entry:
    latitude, longitude = cast("list[float]", table["at"])
    names = {"zh-CN": str(table["zh"]), "en": str(table["en"])}
    also, pinyin, initials = (cast("list[str]", table[key]) for key in _LISTS)
    spellings = dict.fromkeys(_folded(name) for name in [*names.values(), *also, *pinyin])
    place = Place(names, latitude, longitude)
    return Entry(place, tuple(spellings), frozenset(map(_folded, initials)))


def _score(entry: Entry, wanted: str) -> float:
    """0 to 100; a whole name, then initials, then a name's beginning, then likeness."""
    if wanted in entry.spellings:
        return 100.0
    if wanted in entry.initials:
        return 99.0
    return max(_likeness(wanted, spelling) for spelling in entry.spellings)


def _likeness(wanted: str, spelling: str) -> float:
    covered = min(len(wanted), len(spelling)) / max(len(wanted), len(spelling))
    if len(wanted) >= 2 and spelling.startswith(wanted):
        return 90.0 + 8.0 * covered
    if len(wanted) >= 2 and (wanted in spelling or spelling in wanted):
        return 82.0 + 8.0 * covered
    if len(wanted) < _SHORTEST_FUZZY:
        return 0.0
    return fuzz.ratio(wanted, spelling) - 1.0


def _folded(text: str) -> str:
    """Full-width, case and everything but letters and digits taken away."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in plain if sign.isalnum())
