"""Tariffs residents of the district would recognise, and what a broken one is told."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from xianban_parking.domain.calendar import SHANGHAI, ChineseCalendar, DayKind
from xianban_parking.domain.errors import CalendarNotPublishedError, StayError, TariffError
from xianban_parking.domain.tariff import (
    Concession,
    ConcessionKind,
    Stay,
    VehicleKind,
    Visit,
    describe_tariff,
    group_visits,
    price,
    split_exceptions,
    tariff_at,
    tariff_from_dict,
)

CALENDAR = ChineseCalendar()

STREET: dict[str, Any] = {
    "id": "nanqiao-street",
    "version": 3,
    "day_starts_at": "07:30",
    "free_minutes": 15,
    "bands": [
        {
            "name": "day",
            "days": ["workday"],
            "starts_at": "07:30",
            "ends_at": "19:00",
            "units": [
                {"minutes": 60, "amount_fen": 1000, "times": 1},
                {"minutes": 30, "amount_fen": 400},
            ],
            "cap_fen": 4000,
        },
        {
            "name": "day",
            "days": ["weekend", "holiday"],
            "starts_at": "07:30",
            "ends_at": "19:00",
            "units": [{"minutes": 60, "amount_fen": 500}],
        },
        {
            "name": "night",
            "starts_at": "19:00",
            "ends_at": "07:30",
            "steps": [{"amount_fen": 800}],
        },
    ],
    "cap_day_fen": 4500,
    "discounts": [
        {"name": "green plate", "subject": "vehicle", "value": "new_energy", "percent_off": 50},
        {"name": "resident", "subject": "permit", "value": "resident", "percent_off": 100},
    ],
}
GARAGE: dict[str, Any] = {
    "id": "flat-bands",
    "version": 1,
    "bands": [
        {
            "name": "stay",
            "steps": [
                {"up_to_minutes": 60, "amount_fen": 500},
                {"up_to_minutes": 180, "amount_fen": 1200},
                {"amount_fen": 3000},
            ],
        }
    ],
    "anchor": "entry",
}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def stay(begin: str, end: str, **facts: Any) -> Stay:
    return Stay((Visit(local(begin), local(end)),), **facts)


def fen(data: dict[str, Any], parked: Stay, *concessions: Concession) -> int:
    return price(tariff_from_dict(data), parked, concessions, calendar=CALENDAR).total_fen


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2026-03-03T09:00", "2026-03-03T09:15", 0),
        ("2026-03-03T09:00", "2026-03-03T09:16", 1000),
        ("2026-03-03T09:00", "2026-03-03T10:00", 1000),
        ("2026-03-03T09:00", "2026-03-03T10:00:01", 1400),
        ("2026-03-03T08:00", "2026-03-03T18:59", 4000),
        ("2026-03-03T08:00", "2026-03-03T23:00", 4500),
        ("2026-03-03T20:00", "2026-03-04T07:00", 800),
        ("2026-03-03T20:00", "2026-03-04T08:00", 1800),
        ("2026-03-07T09:00", "2026-03-07T11:30", 1500),
        # 2026-10-10 is a Saturday worked to make up for the holiday: a workday.
        ("2026-10-10T09:00", "2026-10-10T10:00", 1000),
        # Thursday 1 October is a statutory holiday.
        ("2026-10-01T09:00", "2026-10-01T10:00", 500),
    ],
)
def test_the_street_tariff_charges_as_its_sign_says(begin: str, end: str, expected: int) -> None:
    assert fen(STREET, stay(begin, end)) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"), [(1, 500), (60, 500), (61, 1200), (180, 1200), (181, 3000)]
)
def test_a_flat_fee_by_duration_band_can_be_expressed(minutes: int, expected: int) -> None:
    begin = local("2026-03-03T23:30")
    parked = Stay((Visit(begin, begin + timedelta(minutes=minutes)),))
    assert fen(GARAGE, parked) == expected


def test_the_derivation_names_each_band_unit_and_cap() -> None:
    quote = price(
        tariff_from_dict(STREET), stay("2026-03-03T08:00", "2026-03-03T23:00"), calendar=CALENDAR
    )
    assert [(line.key, line.amount_fen) for line in quote.lines] == [
        ("price.units", 1000),
        ("price.units", 8000),
        ("price.step", 800),
        ("price.cap_band", -5000),
        ("price.cap_day", -300),
    ]
    assert quote.lines[1].params["count"] == 20
    assert quote.lines[0].params["from"] == "2026-03-03T08:00:00+08:00"


def test_discounts_take_the_best_one_and_do_not_stack() -> None:
    parked = ("2026-03-03T09:00", "2026-03-03T10:00")
    green = stay(*parked, vehicle=VehicleKind.NEW_ENERGY)
    both = stay(*parked, vehicle=VehicleKind.NEW_ENERGY, permits=frozenset({"resident"}))
    assert (fen(STREET, green), fen(STREET, both)) == (500, 0)


def test_concessions_apply_minutes_then_percent_then_fixed() -> None:
    voucher = Concession("mall", "voucher", ConcessionKind.FIXED, 100)
    clinic = Concession("clinic", "visit", ConcessionKind.MINUTES, 60)
    half = Concession("festival", "half", ConcessionKind.PERCENT, 50)
    parked = stay("2026-03-03T09:00", "2026-03-03T11:00")
    assert fen(STREET, parked) == 1800
    assert fen(STREET, parked, voucher, half, clinic) == (1000 - 500) - 100


def test_an_unpublished_year_is_refused_unless_a_fallback_is_configured() -> None:
    parked = stay("2031-03-03T09:00", "2031-03-03T10:00")
    with pytest.raises(CalendarNotPublishedError) as refusal:
        fen(STREET, parked)
    assert refusal.value.params == {"year": 2031}
    quote = price(
        tariff_from_dict(STREET | {"calendar_fallback": "weekday_only"}), parked, calendar=CALENDAR
    )
    assert quote.total_fen == 1000
    assert quote.lines[-1].key == "price.calendar_fallback"
    assert quote.lines[-1].params == {"year": 2031}


def test_a_tariff_that_treats_all_days_alike_needs_no_calendar() -> None:
    assert fen(GARAGE, stay("2031-03-03T09:00", "2031-03-03T10:00")) == 500


def test_days_entered_from_a_new_notice_stand_above_the_package() -> None:
    calendar = ChineseCalendar({date(2031, 3, 3): DayKind.HOLIDAY})
    parked = stay("2031-03-03T09:00", "2031-03-03T10:00")
    assert price(tariff_from_dict(STREET), parked, calendar=calendar).total_fen == 500


def test_the_version_in_force_at_entry_prices_the_whole_stay() -> None:
    old = tariff_from_dict(STREET | {"version": 1, "effective_until": "2026-03-03T00:00:00+08:00"})
    new = tariff_from_dict(STREET | {"version": 2, "effective_from": "2026-03-03T00:00:00+08:00"})
    assert tariff_at([new, old], local("2026-03-02T23:59")) is old
    assert tariff_at([new, old], local("2026-03-03T00:00")) is new
    with pytest.raises(TariffError) as refusal:
        tariff_at([new], local("2026-03-02T23:59"))
    assert refusal.value.reason == "NO_TARIFF_IN_FORCE"


def test_visits_within_the_window_are_one_stay() -> None:
    visits = [
        Visit(local("2026-03-03T09:00"), local("2026-03-03T09:14")),
        Visit(local("2026-03-03T09:20"), local("2026-03-03T09:30")),
        Visit(local("2026-03-03T12:00"), local("2026-03-03T12:10")),
    ]
    groups = group_visits(reversed(visits), timedelta(minutes=10))
    assert groups == ((visits[0], visits[1]), (visits[2],))
    assert len(group_visits(visits, timedelta())) == 3
    assert fen(STREET, Stay(groups[0])) == 1000


@pytest.mark.parametrize(
    ("path", "value", "reason", "field"),
    [
        (
            ("bands", 0, "units", 0, "amount_fen"),
            -1,
            "OUT_OF_RANGE",
            "bands[0].units[0].amount_fen",
        ),
        (
            ("bands", 0, "units", 0, "amount_fen"),
            1.5,
            "NOT_AN_INTEGER",
            "bands[0].units[0].amount_fen",
        ),
        (
            ("bands", 0, "units", 0, "amount_fen"),
            True,
            "NOT_AN_INTEGER",
            "bands[0].units[0].amount_fen",
        ),
        (
            ("bands", 0, "units", 0, "times"),
            None,
            "ONLY_LAST_UNIT_REPEATS",
            "bands[0].units[0].times",
        ),
        (("bands", 0, "units", 1, "times"), 2, "LAST_UNIT_MUST_REPEAT", "bands[0].units[1].times"),
        (("bands", 0, "colour"), "red", "UNKNOWN_FIELD", "bands[0].colour"),
        (("bands", 0, "days", 0), "monday", "NOT_ONE_OF", "bands[0].days[0]"),
        (("bands", 0, "starts_at"), "7:30", "NOT_A_CLOCK_TIME", "bands[0].starts_at"),
        (("bands", 2, "ends_at"), "07:00", "BANDS_LEAVE_GAP", "bands[2].ends_at"),
        (("bands", 2, "starts_at"), "18:00", "BANDS_OVERLAP", "bands[2].starts_at"),
        (("bands", 0, "units"), {}, "NOT_A_LIST", "bands[0].units"),
        (("bands", 0), "day", "NOT_AN_OBJECT", "bands[0]"),
        (("bands",), [], "COUNT_OUT_OF_RANGE", "bands"),
        (("day_starts_at",), "00:00", "BANDS_LEAVE_GAP", "bands[0].starts_at"),
        (("discounts", 0, "value"), "tractor", "VEHICLE_UNKNOWN", "discounts[0].value"),
        (("discounts", 0, "percent_off"), 101, "OUT_OF_RANGE", "discounts[0].percent_off"),
        (("version",), None, "REQUIRED", "version"),
        (("effective_from",), "2026-01-01T00:00:00", "TIME_WITHOUT_ZONE", "effective_from"),
        (("split_policy",), "guarded", "SPLITTING_IS_CHEAPER", "free_minutes"),
        (("anchor",), "entry", "ENTRY_ANCHOR_NEEDS_ONE_BAND", "bands"),
    ],
)
def test_a_broken_tariff_is_told_where_and_why(
    path: tuple[Any, ...], value: Any, reason: str, field: str
) -> None:
    data = deepcopy(STREET)
    target: Any = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(TariffError) as refusal:
        tariff_from_dict(data)
    assert (refusal.value.reason, refusal.value.field) == (reason, field)


@pytest.mark.parametrize("data", [None, [], "tariff", 3])
def test_what_is_no_object_is_no_tariff(data: object) -> None:
    with pytest.raises(TariffError, match="NOT_AN_OBJECT"):
        tariff_from_dict(data)


def test_steps_that_get_cheaper_are_refused() -> None:
    data = deepcopy(GARAGE)
    data["bands"][0]["steps"][1]["amount_fen"] = 400
    with pytest.raises(TariffError) as refusal:
        tariff_from_dict(data)
    assert refusal.value.field == "bands[0].steps[1].amount_fen"


def test_splitting_risks_are_named_by_field() -> None:
    assert [risk.field for risk in split_exceptions(tariff_from_dict(STREET))] == ["free_minutes"]
    assert [risk.reason for risk in split_exceptions(tariff_from_dict(GARAGE))] == [
        "LATER_UNITS_DEARER"
    ]
    merged = STREET | {"split_policy": "guarded", "reentry_merge_minutes": 20}
    assert tariff_from_dict(merged).reentry_merge_minutes == 20


def test_the_price_board_says_everything_that_can_change_a_price() -> None:
    keys = [fact.key for fact in describe_tariff(tariff_from_dict(STREET))]
    assert keys == [
        "tariff.free_minutes_grace",
        "tariff.unit_first",
        "tariff.unit_each_following",
        "tariff.band_cap",
        "tariff.unit_each",
        "tariff.step_open",
        "tariff.cap_day",
        "tariff.discount_vehicle_percent",
        "tariff.discount_permit_percent",
        "tariff.day_starts_at",
        "tariff.unpublished_year_refused",
    ]


def test_times_without_a_zone_reversed_or_absurd_are_refused() -> None:
    at = datetime(2026, 3, 3, tzinfo=UTC)
    with pytest.raises(StayError, match="TIME_WITHOUT_ZONE"):
        Visit(at.replace(tzinfo=None), at)
    with pytest.raises(StayError, match="STAY_REVERSED"):
        Visit(at, at - timedelta(seconds=1))
    with pytest.raises(StayError, match="STAY_TOO_LONG"):
        Stay((Visit(at, at + timedelta(days=367)),))
    with pytest.raises(StayError, match="VISITS_OVERLAP"):
        Stay((Visit(at, at + timedelta(hours=2)), Visit(at, at + timedelta(hours=3))))
    with pytest.raises(StayError, match="STAY_EMPTY"):
        Stay(())


def test_a_concession_outside_its_range_is_refused() -> None:
    with pytest.raises(TariffError, match="CONCESSION_OUT_OF_RANGE"):
        Concession("shop", "all", ConcessionKind.PERCENT, 101)
