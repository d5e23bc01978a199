"""Tariffs as plain JSON objects: strict reading that names the path, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar, cast

from xianban_parking.domain.calendar import DayKind
from xianban_parking.domain.errors import TariffError
from xianban_parking.domain.stays import VehicleKind
from xianban_parking.domain.tariff_model import (
    DAY_MINUTES,
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
from xianban_parking.domain.tariff_splitting import check_split_policy

__all__ = ["tariff_from_dict", "tariff_to_dict"]

Choice = TypeVar("Choice", bound=StrEnum)
Item = TypeVar("Item")
MAX_ITEMS = 64
MAX_TEXT = 200


class _Reader:
    """One JSON object being read; remembers which keys were asked for and where it stands."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise TariffError("NOT_AN_OBJECT", path or "tariff")
        self._data = cast("dict[str, object]", value)
        self._path = path
        self._seen: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def take(self, key: str) -> object:
        self._seen.add(key)
        return self._data.get(key)

    def required(self, key: str) -> object:
        value = self.take(key)
        if value is None:
            raise TariffError("REQUIRED", self.at(key))
        return value

    def integer(self, key: str, default: int = 0) -> int:
        value = self.optional_integer(key)
        return default if value is None else value

    def optional_integer(self, key: str) -> int | None:
        value = self.take(key)
        # bool is an int to Python, not to a tariff.
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TariffError("NOT_AN_INTEGER", self.at(key))
        return value

    def required_integer(self, key: str) -> int:
        self.required(key)
        return self.integer(key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.required(key) if default is None else self.take(key)
        if value is None:
            value = default
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise TariffError("NOT_A_SHORT_TEXT", self.at(key), {"max": MAX_TEXT})
        return value

    def choice(self, key: str, kinds: type[Choice], default: Choice | None = None) -> Choice:
        text = self.text(key, None if default is None else str(default))
        return _choice(text, kinds, self.at(key))

    def choices(self, key: str, kinds: type[Choice]) -> frozenset[Choice]:
        if self.take(key) is None:
            return frozenset(kinds)
        return frozenset(self.items(key, lambda value, path: _choice(value, kinds, path)))

    def items(self, key: str, read: Callable[[object, str], Item]) -> tuple[Item, ...]:
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise TariffError("NOT_A_LIST", self.at(key))
        found = cast("list[object]", value)
        if len(found) > MAX_ITEMS:
            raise TariffError("COUNT_OUT_OF_RANGE", self.at(key), {"count": len(found)})
        return tuple(read(item, f"{self.at(key)}[{index}]") for index, item in enumerate(found))

    def clock(self, key: str) -> int:
        return _clock(self.text(key, "00:00"), self.at(key))

    def instant(self, key: str) -> datetime | None:
        if self.take(key) is None:
            return None
        try:
            found = datetime.fromisoformat(self.text(key))
        except ValueError:
            raise TariffError("NOT_AN_INSTANT", self.at(key)) from None
        if found.tzinfo is None:
            raise TariffError("TIME_WITHOUT_ZONE", self.at(key))
        return found.astimezone(UTC)

    def finish(self) -> None:
        unknown = sorted(str(key) for key in self._data.keys() - self._seen)
        if unknown:
            raise TariffError("UNKNOWN_FIELD", self.at(unknown[0][:MAX_TEXT]))


def tariff_from_dict(data: object) -> Tariff:
    """Read a tariff strictly: unknown keys, wrong types and contradictions name their path."""
    reader = _Reader(data, "")
    tariff = Tariff(
        id=reader.text("id"),
        version=reader.required_integer("version"),
        bands=reader.items("bands", _band),
        effective_from=reader.instant("effective_from"),
        effective_until=reader.instant("effective_until"),
        anchor=reader.choice("anchor", Anchor, Anchor.CLOCK),
        day_starts_at=reader.clock("day_starts_at"),
        free_minutes=reader.integer("free_minutes"),
        free_mode=reader.choice("free_mode", FreeMode, FreeMode.GRACE),
        visit_fee_fen=reader.integer("visit_fee_fen"),
        cap_day_fen=reader.optional_integer("cap_day_fen"),
        cap_24h_fen=reader.optional_integer("cap_24h_fen"),
        cap_stay_fen=reader.optional_integer("cap_stay_fen"),
        reentry_merge_minutes=reader.integer("reentry_merge_minutes"),
        discounts=reader.items("discounts", _discount),
        calendar_fallback=reader.choice(
            "calendar_fallback", CalendarFallback, CalendarFallback.REFUSE
        ),
        split_policy=reader.choice("split_policy", SplitPolicy, SplitPolicy.ALLOWED),
    )
    reader.finish()
    check_split_policy(tariff)
    return tariff


def _band(value: object, path: str) -> Band:
    reader = _Reader(value, path)
    band = Band(
        name=reader.text("name"),
        starts_at=reader.clock("starts_at"),
        ends_at=reader.clock("ends_at") % DAY_MINUTES,
        days=reader.choices("days", DayKind),
        vehicles=reader.choices("vehicles", VehicleKind),
        units=reader.items("units", _unit),
        steps=reader.items("steps", _step),
        cap_fen=reader.optional_integer("cap_fen"),
    )
    reader.finish()
    return band


def _unit(value: object, path: str) -> Unit:
    reader = _Reader(value, path)
    unit = Unit(
        minutes=reader.required_integer("minutes"),
        amount_fen=reader.required_integer("amount_fen"),
        times=reader.optional_integer("times"),
    )
    reader.finish()
    return unit


def _step(value: object, path: str) -> Step:
    reader = _Reader(value, path)
    step = Step(reader.optional_integer("up_to_minutes"), reader.required_integer("amount_fen"))
    reader.finish()
    return step


def _discount(value: object, path: str) -> Discount:
    reader = _Reader(value, path)
    discount = Discount(
        name=reader.text("name"),
        subject=reader.choice("subject", DiscountSubject),
        value=reader.text("value", ""),
        percent_off=reader.integer("percent_off"),
        free_minutes=reader.integer("free_minutes"),
    )
    reader.finish()
    return discount


def _choice(value: object, kinds: type[Choice], path: str) -> Choice:
    for kind in kinds:
        if value == kind.value:
            return kind
    raise TariffError("NOT_ONE_OF", path, {"allowed": " ".join(kinds)})


def _clock(text: str, path: str) -> int:
    hours, colon, minutes = text.partition(":")
    digits = hours + minutes
    if len(text) != 5 or not colon or not (digits.isascii() and digits.isdigit()):
        raise TariffError("NOT_A_CLOCK_TIME", path)
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MINUTES:
        raise TariffError("NOT_A_CLOCK_TIME", path)
    return total


def tariff_to_dict(tariff: Tariff) -> dict[str, object]:
    """The JSON object that reads back as an equal tariff; absent means not set."""
    fields: dict[str, object] = {
        "id": tariff.id,
        "version": tariff.version,
        "effective_from": _iso(tariff.effective_from),
        "effective_until": _iso(tariff.effective_until),
        "anchor": str(tariff.anchor),
        "day_starts_at": _clock_text(tariff.day_starts_at),
        "bands": [_band_dict(band) for band in tariff.bands],
        "free_minutes": tariff.free_minutes,
        "free_mode": str(tariff.free_mode),
        "visit_fee_fen": tariff.visit_fee_fen,
        "cap_day_fen": tariff.cap_day_fen,
        "cap_24h_fen": tariff.cap_24h_fen,
        "cap_stay_fen": tariff.cap_stay_fen,
        "reentry_merge_minutes": tariff.reentry_merge_minutes,
        "discounts": [_discount_dict(discount) for discount in tariff.discounts],
        "calendar_fallback": str(tariff.calendar_fallback),
        "split_policy": str(tariff.split_policy),
    }
    return _without_none(fields)


def _band_dict(band: Band) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": band.name,
        "starts_at": _clock_text(band.starts_at),
        "ends_at": _clock_text(band.ends_at),
        "days": [str(day) for day in DayKind if day in band.days],
        "vehicles": [str(kind) for kind in VehicleKind if kind in band.vehicles],
        "units": [_without_none(_unit_dict(unit)) for unit in band.units],
        "steps": [_without_none(_step_dict(step)) for step in band.steps],
        "cap_fen": band.cap_fen,
    }
    return _without_none(fields)


def _unit_dict(unit: Unit) -> dict[str, object]:
    return {"minutes": unit.minutes, "amount_fen": unit.amount_fen, "times": unit.times}


def _step_dict(step: Step) -> dict[str, object]:
    return {"up_to_minutes": step.up_to_minutes, "amount_fen": step.amount_fen}


def _discount_dict(discount: Discount) -> dict[str, object]:
    return {
        "name": discount.name,
        "subject": str(discount.subject),
        "value": discount.value,
        "percent_off": discount.percent_off,
        "free_minutes": discount.free_minutes,
    }


def _without_none(fields: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value is not None}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
