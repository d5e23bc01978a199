"""Opening hours (OSM syntax) in words; what is not understood is shown as written."""

from __future__ import annotations

import re
from collections.abc import Callable

Say = Callable[..., str]

_DAY = "Mo|Tu|We|Th|Fr|Sa|Su|PH"
_DAYS = re.compile(rf"^(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*$")
_TIMES = re.compile(r"^\d{2}:\d{2}-\d{2}:\d{2}(?:,\d{2}:\d{2}-\d{2}:\d{2})*$")
LONGEST = 200


def in_words(hours: str, say: Say) -> str:
    """ "Mo-Fr 07:00-20:00" → "Monday to Friday 07:00–20:00"."""
    written = hours.strip()
    if written in ("", "24/7"):
        return say("opening-always")
    rules = [_rule(rule.strip(), say) for rule in written[:LONGEST].split(";") if rule.strip()]
    if None in rules or not rules:
        return written
    return say("opening-join").join(rule for rule in rules if rule)


def _rule(rule: str, say: Say) -> str | None:
    first, _, rest = rule.partition(" ")
    days, times = (first, rest) if _DAYS.match(first) else ("", rule)
    spoken = _times(times.strip().replace(" ", ""), say)
    if spoken is None:
        return None
    return f"{_days(days, say)} {spoken}" if days else f"{say('opening-daily')} {spoken}"


def _times(times: str, say: Say) -> str | None:
    if times in ("off", "closed"):
        return say("opening-closed")
    if times in ("24/7", "00:00-24:00"):
        return say("opening-all-day")
    return times.replace("-", "–").replace(",", say("opening-and")) if _TIMES.match(times) else None


def _days(days: str, say: Say) -> str:
    if days == "Mo-Su":
        return say("opening-daily")
    return say("opening-and").join(_span(part, say) for part in days.split(","))


def _span(part: str, say: Say) -> str:
    first, _, last = part.partition("-")
    begin = say(f"day-{first.lower()}")
    return say("opening-span", first=begin, last=say(f"day-{last.lower()}")) if last else begin
