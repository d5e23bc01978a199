"""Concessions read strictly from TOML, and which of them a stay earns."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final, Self, TypeVar, cast

from xianban_parking.hookspecs import Concession, ConcessionRequest
from xianban_sdk.clock import SHANGHAI

__all__ = ["Rule", "read_rules"]

Value = TypeVar("Value", str, int)

VEHICLES: Final = frozenset({"car", "electric", "large", "motorcycle"})
LOCALES: Final = ["en", "zh-CN"]
_REDUCTIONS: Final = ("percent", "free_minutes", "amount_fen")
_LIMITS: Final = {"percent": 100, "free_minutes": 1440, "amount_fen": 1_000_000}
_KNOWN: Final = frozenset(
    {"key", "names", "right", "vehicle_kinds", "weekdays", "from", "until", "areas", *_REDUCTIONS}
)
_MIDNIGHT: Final = time()


@dataclass(frozen=True, slots=True)
class Rule:
    """One concession and the conditions under which it applies; an empty condition always holds."""

    concession: Concession
    right: str = ""
    vehicle_kinds: frozenset[str] = frozenset()
    weekdays: frozenset[int] = frozenset()
    begins: time = _MIDNIGHT
    ends: time = _MIDNIGHT
    areas: tuple[str, ...] = ()

    def applies(self, request: ConcessionRequest) -> bool:
        """True when every condition holds for the stay."""
        started = request.start.astimezone(SHANGHAI)
        return (
            (not self.right or self.right in request.rights)
            and (not self.vehicle_kinds or request.vehicle_kind in self.vehicle_kinds)
            and (not self.weekdays or started.isoweekday() in self.weekdays)
            and self._in_hours(started.time())
            and self._in_areas(request.area)
        )

    def _in_hours(self, clock: time) -> bool:
        if self.begins <= self.ends:
            return self.begins == self.ends or self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def _in_areas(self, area: str) -> bool:
        return not self.areas or any(
            area == prefix or area.startswith(prefix + "/") for prefix in self.areas
        )

    @classmethod
    def read(cls, table: Mapping[str, object]) -> Self:
        """From a TOML table; ValueError names the key and what is wrong."""
        key = str(table.get("key", ""))
        _expect(bool(key), "concession", "has no key")
        unknown = sorted(table.keys() - _KNOWN)
        _expect(not unknown, key, f"has unknown fields {', '.join(unknown)}")
        return cls(
            concession=_concession(key, table),
            right=str(table.get("right", "")),
            vehicle_kinds=_subset(key, "vehicle_kinds", table, VEHICLES),
            weekdays=_subset(key, "weekdays", table, frozenset(range(1, 8))),
            begins=_clock(key, table, "from"),
            ends=_clock(key, table, "until"),
            areas=tuple(cast("list[str]", table.get("areas", []))),
        )


def read_rules(text: str) -> tuple[Rule, ...]:
    """Every concession of a TOML text; two with one key are refused."""
    tables = cast("Iterable[Mapping[str, object]]", tomllib.loads(text).get("concession", []))
    rules = tuple(Rule.read(table) for table in tables)
    keys = [rule.concession.key for rule in rules]
    for key in keys:
        _expect(keys.count(key) == 1, key, "is there twice")
    return rules


def _concession(key: str, table: Mapping[str, object]) -> Concession:
    names = cast("Mapping[str, str]", table.get("names", {}))
    _expect(sorted(names) == LOCALES, key, "needs names in zh-CN and en")
    given = {name: table[name] for name in _REDUCTIONS if name in table}
    _expect(len(given) == 1, key, f"needs exactly one of {', '.join(_REDUCTIONS)}")
    ((name, value),) = given.items()
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LIMITS[name]
    _expect(whole, key, f"{name} must be 1 to {_LIMITS[name]}")
    return Concession(key, dict(names), **{name: cast("int", value)})


def _subset(
    key: str, name: str, table: Mapping[str, object], known: frozenset[Value]
) -> frozenset[Value]:
    given = frozenset(cast("list[Value]", table.get(name, [])))
    _expect(given <= known, key, f"{name} knows only {sorted(map(str, known))}")
    return given


def _clock(key: str, table: Mapping[str, object], name: str) -> time:
    text = str(table.get(name, "00:00"))
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{key}: {name} is not a clock time: {text[:20]}") from None


def _expect(holds: bool, key: str, complaint: str) -> None:
    if not holds:
        raise ValueError(f"{key}: {complaint}")
