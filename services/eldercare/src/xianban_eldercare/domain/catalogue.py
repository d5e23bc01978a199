"""What an organisation does for elders, and for how much."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ServiceKind", "ServiceUnit"]


class ServiceKind(StrEnum):
    """What is done."""

    MEAL = "meal"
    DAY_CARE = "day-care"
    CLEANING = "cleaning"
    BATHING = "bathing"
    PERSONAL_CARE = "personal-care"
    NURSING = "nursing"
    REHABILITATION = "rehabilitation"
    ESCORT = "escort"


class ServiceUnit(StrEnum):
    """What a price is for."""

    PORTION = "portion"
    TIME = "time"
    HOUR = "hour"
    DAY = "day"
