"""Ids, names, hours and heights, spelt as parking wants them."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final

from opening_hours import OpeningHours

from xianban_plugin_parking_parkapi.item import ItemError

__all__ = ["both", "centimetres", "lot_id", "osm_hours"]

LONGEST_ID: Final = 63
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_DAYS: Final = {"Mo": "Mo", "Di": "Tu", "Mi": "We", "Do": "Th", "Fr": "Fr", "Sa": "Sa", "So": "Su"}


def lot_id(*parts: str) -> str:
    """A lot's id from a source's words: lower case letters, digits and hyphens, never too long.

    Where letters are lost (Chinese, or too many) a digest keeps different words different.
    """
    given = "-".join(part for part in parts if part)
    spread = unicodedata.normalize("NFKD", given.casefold().translate(_UMLAUTS))
    plain = "".join(sign for sign in spread if not unicodedata.combining(sign))
    spelt = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in plain)
    found = "-".join(word for word in spelt.split("-") if word)
    lost = not found or any(sign.isalnum() and not sign.isascii() for sign in plain)
    if not lost and len(found) <= LONGEST_ID:
        return found
    digest = hashlib.sha256(given.encode()).hexdigest()[:12]
    return f"{found[: LONGEST_ID - 13]}-{digest}".lstrip("-")


def both(name: str) -> dict[str, str]:
    """A name in its own language stands for itself in every other."""
    return {"zh-CN": name, "en": name}


def osm_hours(text: str) -> str:
    """German opening hours in OSM syntax; what can't be told is `unknown` with the words kept."""
    rules = [_rule(line) for line in text.replace(";", "\n").splitlines() if line.strip()]
    written = "; ".join(rules)
    return written if _understood(written) else f'unknown "{text.replace(chr(34), "")[:200]}"'


def _rule(line: str) -> str:
    words = line.replace("Uhr", " ").replace("geschlossen", "off")
    if words.strip() == "ganztägig":
        return "24/7"
    for german, english in _DAYS.items():
        words = words.replace(german, english)
    days, colon, hours = words.partition(":")
    return " ".join(f"{days} {hours}".split()).replace(" - ", "-") if colon else words


def _understood(hours: str) -> bool:
    try:
        OpeningHours(hours)
    except Exception:
        return False
    return bool(hours)


def centimetres(field: str, text: str) -> int:
    """A height as people write it: "1,90 m", "2.1", "190"."""
    number = text.replace(",", ".").removesuffix("cm").removesuffix("m").strip()
    try:
        height = float(number)
    except ValueError:
        raise ItemError(field, "NOT_A_HEIGHT") from None
    if not 0 <= height < 1000:
        raise ItemError(field, "OUT_OF_RANGE")
    return round(height * 100 if height < 10 else height)
