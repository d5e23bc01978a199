"""Which stay earns which concession, and how a wrong rule is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from xianban_parking.hookspecs import ConcessionRequest
from xianban_plugin_parking_concessions.plugin import tariff_concessions
from xianban_plugin_parking_concessions.rules import read_rules

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday in Shanghai
STAY = ConcessionRequest(
    lot="nanqiao-park",
    area="310120/nanqiao",
    start=NOON,
    end=NOON + timedelta(hours=3),
    vehicle_kind="car",
    rights=frozenset(),
)


def keys(request: ConcessionRequest) -> list[str]:
    return [concession.key for concession in tariff_concessions(request)]


def test_nobody_gets_a_concession_without_a_right() -> None:
    assert keys(STAY) == []


def test_a_disabled_permit_gives_two_free_hours() -> None:
    (found,) = tariff_concessions(replace(STAY, rights=frozenset({"disabled-permit"})))
    assert (found.free_minutes, found.percent, found.amount_fen) == (120, 0, 0)
    assert set(found.names) == {"zh-CN", "en"}


def test_an_electric_car_and_a_senior_add_up() -> None:
    both = replace(STAY, vehicle_kind="electric", rights=frozenset({"senior"}))
    assert keys(both) == ["senior", "electric"]


@pytest.mark.parametrize(("hour", "expected"), [(6, []), (7, ["elder-care-visit"]), (20, [])])
def test_a_care_visit_counts_in_its_hours_only(hour: int, expected: list[str]) -> None:
    start = NOON + timedelta(hours=hour - 12)
    assert keys(replace(STAY, start=start, rights=frozenset({"carer"}))) == expected


@pytest.mark.parametrize(
    ("area", "hour", "expected"),
    [
        ("310120/fengpu", 23, True),
        ("310120/fengpu/1", 3, True),
        ("310120/fengpu", 12, False),
        ("310120/fengpu2", 23, False),
        ("310120/nanqiao", 23, False),
    ],
)
def test_hours_past_midnight_and_areas_narrow_a_rule(area: str, hour: int, expected: bool) -> None:
    stay = replace(
        STAY,
        area=area,
        start=NOON + timedelta(hours=hour - 12),
        rights=frozenset({"resident-permit"}),
    )
    assert (keys(stay) == ["fengpu-residents-night"]) is expected


GOOD = '[[concession]]\nkey = "k"\nnames = {zh-CN = "一", en = "one"}\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD, "exactly one of"),
        (GOOD + "percent = 10\namount_fen = 5\n", "exactly one of"),
        (GOOD + "percent = 101\n", "1 to 100"),
        (GOOD + "percent = 10.5\n", "1 to 100"),
        (GOOD + "percent = true\n", "1 to 100"),
        (GOOD + "percent = 5\nweekdays = [0]\n", "weekdays"),
        (GOOD + 'percent = 5\nvehicle_kinds = ["tank"]\n', "vehicle_kinds"),
        (GOOD + 'percent = 5\nfrom = "25:00"\n', "clock time"),
        (GOOD + "percent = 5\nextra = 1\n", "unknown fields extra"),
        ('[[concession]]\nkey = "k"\nnames = {en = "one"}\npercent = 1\n', "zh-CN and en"),
        ("[[concession]]\npercent = 1\n", "no key"),
        ((GOOD + "percent = 5\n") * 2, "twice"),
    ],
)
def test_a_wrong_rule_is_refused_and_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_rules(text)
