"""What rules find and alerts tell: how bad, why, where. The same for readings and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

__all__ = ["Place", "Reason", "Severity"]


class Severity(IntEnum):
    """CAP 1.2 <severity>; the numbers are those of `AlertSeverity` on the wire."""

    MINOR = 1
    MODERATE = 2
    SEVERE = 3
    EXTREME = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence by the domain's text key, the numbers it rests on, and when that was true."""

    text: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """WGS 84 degrees; `accuracy_m` is the radius of 68 % confidence, 0 when not known."""

    latitude: float
    longitude: float
    accuracy_m: float = 0.0
