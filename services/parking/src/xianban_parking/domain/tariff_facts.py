"""价格说明: a tariff told as facts a page can show in any language, in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xianban_parking.domain.calendar import DayKind
from xianban_parking.domain.stays import VehicleKind
from xianban_parking.domain.tariff_model import (
    Anchor,
    Band,
    CalendarFallback,
    Discount,
    Tariff,
)
from xianban_parking.domain.tariff_splitting import split_exceptions

__all__ = ["TariffFact", "describe_tariff"]


@dataclass(frozen=True, slots=True)
class TariffFact:
    """One sentence of the price board: a localisable key and its numbers (fen, minutes)."""

    key: str
    params: Mapping[str, str | int]


def describe_tariff(tariff: Tariff) -> tuple[TariffFact, ...]:
    """Everything that can change a price under this tariff, so that no charge comes unannounced."""
    return (
        *_opening(tariff),
        *(fact for band in tariff.bands for fact in _band_facts(tariff, band)),
        *_caps(tariff),
        *(fact for discount in tariff.discounts for fact in _discount_facts(discount)),
        *_rules(tariff),
    )


def _opening(tariff: Tariff) -> Iterator[TariffFact]:
    if tariff.free_minutes:
        key = f"tariff.free_minutes_{tariff.free_mode}"
        yield TariffFact(key, {"minutes": tariff.free_minutes})
    if tariff.visit_fee_fen:
        yield TariffFact("tariff.visit_fee", {"amount_fen": tariff.visit_fee_fen})


def _band_facts(tariff: Tariff, band: Band) -> Iterator[TariffFact]:
    params = _band_params(tariff, band)
    if not band.units and not band.steps:
        yield TariffFact("tariff.band_free", params)
    for index, unit in enumerate(band.units):
        key = "tariff.unit_each" if unit.times is None else "tariff.unit_first"
        if unit.times is None and index > 0:
            key = "tariff.unit_each_following"
        amounts = {"unit_minutes": unit.minutes, "amount_fen": unit.amount_fen}
        yield TariffFact(key, params | amounts | ({"times": unit.times} if unit.times else {}))
    for step in band.steps:
        key = "tariff.step_open" if step.up_to_minutes is None else "tariff.step_up_to"
        upper = {} if step.up_to_minutes is None else {"up_to_minutes": step.up_to_minutes}
        yield TariffFact(key, params | upper | {"amount_fen": step.amount_fen})
    if band.cap_fen is not None:
        yield TariffFact("tariff.band_cap", params | {"amount_fen": band.cap_fen})


def _band_params(tariff: Tariff, band: Band) -> dict[str, str | int]:
    params: dict[str, str | int] = {"band": band.name}
    if tariff.anchor is Anchor.CLOCK:
        params["from"] = _clock(band.starts_at)
        params["to"] = _clock(band.ends_at)
    if len(band.days) < len(DayKind):
        params["days"] = " ".join(day for day in DayKind if day in band.days)
    if len(band.vehicles) < len(VehicleKind):
        params["vehicles"] = " ".join(kind for kind in VehicleKind if kind in band.vehicles)
    return params


def _caps(tariff: Tariff) -> Iterator[TariffFact]:
    caps = (
        ("tariff.cap_day", tariff.cap_day_fen),
        ("tariff.cap_24h", tariff.cap_24h_fen),
        ("tariff.cap_stay", tariff.cap_stay_fen),
    )
    for key, cap in caps:
        if cap is not None:
            yield TariffFact(key, {"amount_fen": cap})


def _discount_facts(discount: Discount) -> Iterator[TariffFact]:
    for what, amount in (("percent", discount.percent_off), ("minutes", discount.free_minutes)):
        if amount:
            params = {"name": discount.name, "value": discount.value, what: amount}
            yield TariffFact(f"tariff.discount_{discount.subject}_{what}", params)


def _rules(tariff: Tariff) -> Iterator[TariffFact]:
    if tariff.anchor is Anchor.ENTRY:
        yield TariffFact("tariff.counts_from_entry", {})
    elif tariff.day_starts_at:
        yield TariffFact("tariff.day_starts_at", {"at": _clock(tariff.day_starts_at)})
    if tariff.reentry_merge_minutes:
        yield TariffFact("tariff.reentry_merge", {"minutes": tariff.reentry_merge_minutes})
    elif not split_exceptions(tariff):
        yield TariffFact("tariff.splitting_never_cheaper", {})
    if any(tariff.needs_calendar(vehicle) for vehicle in VehicleKind):
        fallback = tariff.calendar_fallback is CalendarFallback.WEEKDAY_ONLY
        suffix = "weekday_only" if fallback else "refused"
        yield TariffFact(f"tariff.unpublished_year_{suffix}", {})


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
