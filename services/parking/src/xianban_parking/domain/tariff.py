"""The tariff engine's front: data, reading and writing, price, price board, split guarantee."""

from __future__ import annotations

from xianban_parking.domain.quotes import Concession, ConcessionKind, Quote, QuoteLine
from xianban_parking.domain.stays import Stay, VehicleKind, Visit, group_visits
from xianban_parking.domain.tariff_facts import TariffFact, describe_tariff
from xianban_parking.domain.tariff_json import tariff_from_dict, tariff_to_dict
from xianban_parking.domain.tariff_model import (
    Anchor,
    Band,
    CalendarFallback,
    Discount,
    DiscountSubject,
    FreeMode,
    SplitPolicy,
    Step,
    Tariff,
    Unit,
)
from xianban_parking.domain.tariff_pricing import price, tariff_at
from xianban_parking.domain.tariff_splitting import (
    SplitException,
    check_split_policy,
    split_exceptions,
)

__all__ = [
    "Anchor",
    "Band",
    "CalendarFallback",
    "Concession",
    "ConcessionKind",
    "Discount",
    "DiscountSubject",
    "FreeMode",
    "Quote",
    "QuoteLine",
    "SplitException",
    "SplitPolicy",
    "Stay",
    "Step",
    "Tariff",
    "TariffFact",
    "Unit",
    "VehicleKind",
    "Visit",
    "check_split_policy",
    "describe_tariff",
    "group_visits",
    "price",
    "split_exceptions",
    "tariff_at",
    "tariff_from_dict",
    "tariff_to_dict",
]
