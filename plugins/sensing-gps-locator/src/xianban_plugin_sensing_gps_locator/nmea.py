"""Sentences of NMEA 0183: framing and checksum, and what RMC and GGA say of a place.

Positions are WGS 84, as receivers give them; nothing is shifted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

__all__ = ["FIXES", "Fix", "Unreadable", "checksum", "fields_of"]

_SENTENCE: Final = re.compile(r"\$([^$*]{1,200})(?:\*([0-9A-Fa-f]{2}))?")
_TIME: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,6}))?")
_DATE: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_DECIMAL: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,8})?")
_CENTURY: Final = 2000


class Unreadable(Exception):
    """A sentence that says no place; `field` and `reason` say why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Fix:
    """One place. RMC knows the day, GGA the quality."""

    sentence: str
    clock: time
    """UTC."""
    latitude: float
    longitude: float
    day: date | None = None
    hdop: float | None = None
    """Horizontal dilution of precision, without unit; None: not told."""


def checksum(body: str) -> str:
    """Of what is between $ and *: two hexadecimal digits."""
    total = 0
    for octet in body.encode("ascii"):
        total ^= octet
    return f"{total:02X}"


def fields_of(line: str, *, checked: bool = True) -> list[str]:
    """A sentence's fields, its address first. Unreadable when framing or checksum is wrong."""
    framed = _SENTENCE.fullmatch(line)
    if framed is None:
        raise Unreadable("sentence", "SENTENCE_INVALID")
    body, given = framed[1], framed[2]
    if given is None and checked:
        raise Unreadable("checksum", "CHECKSUM_MISSING")
    if given is not None and given.upper() != checksum(body):
        raise Unreadable("checksum", "CHECKSUM_WRONG")
    return body.split(",")


def _rmc(fields: Sequence[str]) -> Fix:
    """Recommended minimum: time, status, place, speed, course, day, variation, mode."""
    if len(fields) < 10:
        raise Unreadable("sentence", "FIELDS_MISSING")
    if fields[2] != "A":
        raise Unreadable("status", "NO_FIX")
    _real(fields[12] if len(fields) > 12 else "A", "mode", "ADFRP")
    latitude, longitude = _place(fields[3:7])
    return Fix("RMC", _clock(fields[1]), latitude, longitude, _day(fields[9]))


def _gga(fields: Sequence[str]) -> Fix:
    """Fix data: time, place, quality, satellites, HDOP, altitude …"""
    if len(fields) < 9:
        raise Unreadable("sentence", "FIELDS_MISSING")
    if fields[6] in ("", "0"):
        raise Unreadable("quality", "NO_FIX")
    _real(fields[6], "quality", "12345")
    latitude, longitude = _place(fields[2:6])
    return Fix("GGA", _clock(fields[1]), latitude, longitude, hdop=_hdop(fields[8]))


def _real(given: str, field: str, measured: str) -> None:
    """Dead reckoning, typed in by hand and simulated are no measurement."""
    if given == "N":
        raise Unreadable(field, "NO_FIX")
    if given not in tuple(measured):
        raise Unreadable(field, "NOT_MEASURED")


def _place(fields: Sequence[str]) -> tuple[float, float]:
    latitude = _degrees(fields[0], fields[1], "NS", 90)
    longitude = _degrees(fields[2], fields[3], "EW", 180)
    if latitude == 0 and longitude == 0:
        # Receivers without a fix say this; off Africa, where no district is.
        raise Unreadable("position", "NO_FIX")
    return latitude, longitude


def _degrees(given: str, side: str, sides: str, most: int) -> float:
    """`ddmm.mmmm` or `dddmm.mmmm`; south and west are negative."""
    whole = len(str(most))
    digits, minutes = given[:whole], given[whole:]
    shaped = digits.isdecimal() and len(digits) == whole and _DECIMAL.fullmatch(minutes)
    if not shaped or not minutes[:2].isdecimal() or side not in tuple(sides):
        raise Unreadable("position", "POSITION_INVALID")
    degrees = int(digits) + float(minutes) / 60
    if float(minutes) >= 60 or degrees > most:
        raise Unreadable("position", "POSITION_INVALID")
    return degrees if side == sides[0] else -degrees


def _clock(given: str) -> time:
    found = _TIME.fullmatch(given)
    try:
        if found:
            micros = int((found[4] or "").ljust(6, "0"))
            return time(int(found[1]), int(found[2]), int(found[3]), micros)
    except ValueError:
        pass
    raise Unreadable("time", "TIME_INVALID")


def _day(given: str) -> date:
    found = _DATE.fullmatch(given)
    try:
        if found:
            return date(_CENTURY + int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise Unreadable("date", "DATE_INVALID")


def _hdop(given: str) -> float | None:
    if given == "":
        return None
    if _DECIMAL.fullmatch(given) is None:
        raise Unreadable("hdop", "NUMBER_INVALID")
    return float(given)


# Sentence, without its talker → reader; it raises Unreadable.
FIXES: Final[Mapping[str, Callable[[Sequence[str]], Fix]]] = {"RMC": _rmc, "GGA": _gga}
