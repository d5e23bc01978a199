"""Occupancy history as a CSV: SystemCodeNumber, Capacity, Occupancy, LastUpdated.

The form in which Birmingham publishes; read line by line, so that length does not matter.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected

__all__ = ["OccupancyHistory"]

# Times without an offset are the publisher's wall clock.
ZONE: Final = ZoneInfo("Europe/London")
LONGEST_LINE: Final = 4096
MOST_PLACES: Final = 1_000_000
_COLUMNS: Final = ("systemcodenumber", "capacity", "occupancy", "lastupdated")


class _RowError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class OccupancyHistory:
    """Counts of many car parks over months; implausible ones stay as told."""

    id = "birmingham"

    def recognises(self, head: bytes) -> bool:
        """By the four columns of the header, in any order."""
        header = head[: head.find(b"\n") + 1][:LONGEST_LINE]
        return set(_COLUMNS) <= set(_names(_decoded(header)))

    def read(self, path: Path) -> Iterator[LotFacts | LotObservation | Rejected]:
        """Each row is a count or a refusal with its line."""
        with path.open("rb") as file:
            lines = _lines(file)
            _, header = next(lines, (0, ""))
            names, delimiter = _names(header), _delimiter(header)
            for number, line in lines:
                if line.strip():
                    yield _told(number, line, names, delimiter)


def _told(number: int, line: str, names: list[str], delimiter: str) -> LotObservation | Rejected:
    try:
        return _count(_row(line, names, delimiter))
    except _RowError as error:
        return Rejected(f"line {number}", error.field, error.reason, line.rstrip("\r\n"))


def _row(line: str, names: list[str], delimiter: str) -> Mapping[str, str]:
    if len(line) >= LONGEST_LINE:
        raise _RowError("line", "TOO_LONG")
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), list[str]())
    except csv.Error:
        raise _RowError("line", "NOT_CSV") from None
    if len(cells) > len(names):
        raise _RowError("line", "TOO_MANY_CELLS")
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False)}


def _count(row: Mapping[str, str]) -> LotObservation:
    for column in _COLUMNS:
        if not row.get(column):
            raise _RowError(column, "REQUIRED")
    return LotObservation(
        lot=_lot(row["systemcodenumber"]),
        observed_at=_instant("lastupdated", row["lastupdated"]),
        occupied=_whole("occupancy", row["occupancy"]),
        capacity=_whole("capacity", row["capacity"]),
    )


@lru_cache(maxsize=1024)
def _lot(code: str) -> str:
    plain = unicodedata.normalize("NFKD", code).encode("ascii", "ignore").decode().casefold()
    words = "".join(sign if sign.isalnum() else " " for sign in plain).split()
    if not words or len(plain) > 50:
        raise _RowError("systemcodenumber", "NOT_A_CODE")
    return "birmingham-" + "-".join(words)


def _whole(field: str, text: str) -> int:
    digits = text.removeprefix("-").removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise _RowError(field, "NOT_A_WHOLE_NUMBER")
    number = int(text.removesuffix(".0"))
    if abs(number) > MOST_PLACES:
        raise _RowError(field, "OUT_OF_RANGE")
    return number


def _instant(field: str, text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text[:40])
        return (told if told.tzinfo else told.replace(tzinfo=ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _RowError(field, "NOT_AN_INSTANT") from None


def _names(header: str) -> list[str]:
    return [name.strip(' "\r\n').casefold() for name in header.split(_delimiter(header))]


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Numbered lines; of an endless one only the beginning is kept."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        yield number, _decoded(line)
        while not line.endswith(b"\n") and (line := file.readline(LONGEST_LINE)):
            continue


def _decoded(line: bytes) -> str:
    return line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
