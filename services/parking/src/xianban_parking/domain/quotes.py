"""What a price consists of: lines a person can check and a sum that is exactly theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xianban_parking.domain.errors import TariffError

__all__ = ["Concession", "ConcessionKind", "Quote", "QuoteLine"]

CONCESSION_LIMITS = {"minutes": 10_080, "percent": 100, "fixed": 10_000_000}


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One step of the derivation: a localisable key, its numbers, and fen (negative: taken off)."""

    key: str
    params: Mapping[str, str | int]
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A price with its derivation; the lines sum to `total_fen`, checked on construction."""

    tariff_id: str
    tariff_version: int
    entered: datetime
    left: datetime
    parked_seconds: int
    lines: tuple[QuoteLine, ...]
    total_fen: int

    def __post_init__(self) -> None:
        if self.total_fen < 0 or sum(line.amount_fen for line in self.lines) != self.total_fen:
            raise TariffError("QUOTE_DOES_NOT_ADD_UP", "lines", {"total_fen": self.total_fen})


class ConcessionKind(StrEnum):
    """Minutes are taken off the time, then percentages, then fixed amounts in fen."""

    MINUTES = "minutes"
    PERCENT = "percent"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Concession:
    """A reduction granted from outside the tariff (a shop's voucher, a clinic visit)."""

    source: str
    name: str
    kind: ConcessionKind
    value: int
    names: tuple[tuple[str, str], ...] = ()
    """What a bill calls it, by language."""

    def __post_init__(self) -> None:
        limit = CONCESSION_LIMITS[self.kind]
        if not 0 <= self.value <= limit:
            params: dict[str, str | int] = {"source": self.source, "value": self.value}
            raise TariffError("CONCESSION_OUT_OF_RANGE", "value", params | {"max": limit})
