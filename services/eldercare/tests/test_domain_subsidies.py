"""What a subsidy pays of a price, and who is granted one; every entry of the ledger balances."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain import ledger
from xianban_eldercare.domain.catalogue import ServiceKind
from xianban_eldercare.domain.errors import RulesError
from xianban_eldercare.domain.ledger import Account, Draw, Entry, EntryKind, Posting
from xianban_eldercare.domain.subsidies import (
    Lot,
    lot_days,
    month_of,
    months_after,
    quote,
    read_subsidies,
    rules_on,
)
from xianban_eldercare.rules import SUBSIDIES

[RULES] = SUBSIDIES
CARE, MEAL_60, MEAL_80 = RULES.grants
DAY = date(2026, 11, 23)


def lot(left, key="care", number="1", first=date(2026, 11, 1), last=date(2026, 11, 30)):
    return Lot(number, key, first, last, left)


def written():
    path = files("xianban_eldercare.rules").joinpath("subsidy-310120-demo-1.toml")
    return tomllib.loads(path.read_text("utf-8"))


class TestWhoIsGrantedWhat:
    @pytest.mark.parametrize(
        ("level", "age", "keys"),
        [
            (3, 78, {"care", "meal-60"}),
            (5, 80, {"care", "meal-80"}),
            (2, 79, {"meal-60"}),
            (1, 59, set()),
            (5, 59, set()),
            (5, None, set()),
        ],
    )
    def test_the_level_and_the_age_decide(self, level, age, keys):
        assert {one.key for one in RULES.granted(level, age)} == keys

    def test_the_version_of_the_day_counts(self):
        assert rules_on(SUBSIDIES, date(2023, 12, 31)) is None
        assert rules_on(SUBSIDIES, date(2026, 1, 1)) is RULES

    def test_the_demo_says_that_it_is_one(self):
        assert "示范区" in RULES.sources["zh-CN"]


class TestMonths:
    def test_a_lot_lives_until_its_months_are_over(self):
        assert lot_days(CARE, date(2026, 12, 1)) == (date(2026, 12, 1), date(2026, 12, 31))

    @given(st.dates(date(2001, 1, 1), date(2090, 1, 1)), st.integers(0, 40))
    def test_months_later_is_a_first_day_and_months_add_up(self, day, months):
        later = months_after(month_of(day), months)
        assert later.day == 1
        assert (later.year - day.year) * 12 + later.month - day.month == months


class TestAQuote:
    def test_each_subsidy_pays_its_part_and_the_rest_is_ones_own(self):
        found = quote(1500, ServiceKind.MEAL, DAY, RULES, [lot(80000), lot(6000, "meal-60", "2")])
        assert [(one.grant.key, one.fen) for one in found.shares] == [
            ("care", 750),
            ("meal-60", 150),
        ]
        assert (found.subsidy_fen, found.own_fen) == (900, 600)

    def test_the_lot_that_ends_first_is_used_first(self):
        ending = lot(300, number="9")
        later = lot(80000, number="1", last=date(2026, 12, 31))
        found = quote(1000, ServiceKind.CLEANING, DAY, RULES, [later, ending])
        assert found.draws == (Draw("9", 300), Draw("1", 200))

    def test_a_lot_serves_its_own_days_only(self):
        other = lot(80000, first=date(2026, 12, 1), last=date(2026, 12, 31))
        assert quote(1000, ServiceKind.MEAL, DAY, RULES, [other]).draws == ()

    def test_what_a_subsidy_does_not_pay_for_it_does_not_pay_for(self):
        assert quote(1000, ServiceKind.BATHING, DAY, RULES, [lot(6000, "meal-60")]).own_fen == 1000

    lots = st.lists(
        st.builds(
            Lot,
            st.uuids().map(str),
            st.sampled_from(["care", "meal-60", "meal-80", "gone"]),
            st.dates(DAY - timedelta(40), DAY + timedelta(10)),
            st.dates(DAY - timedelta(10), DAY + timedelta(40)),
            st.integers(0, 90_000),
        ),
        max_size=6,
    )

    @given(st.integers(0, 1_000_000), st.sampled_from(ServiceKind), lots)
    def test_it_never_draws_more_than_there_is_or_than_it_costs(self, price, kind, lots):
        found = quote(price, kind, DAY, RULES, lots)
        left = {one.id: one.left for one in lots if one.serves(DAY)}
        assert 0 <= found.own_fen <= price
        assert found.own_fen + found.subsidy_fen == price
        assert all(0 < draw.fen <= left[draw.lot] for draw in found.draws)
        assert len({draw.lot for draw in found.draws}) == len(found.draws)
        assert all(share.fen <= price * share.percent // 100 for share in found.shares)


class TestTheLedger:
    draws = st.lists(st.builds(Draw, st.uuids().map(str), st.integers(0, 10**6)), max_size=4)

    @given(draws, st.integers(0, 10**6))
    def test_every_entry_and_its_reversal_sum_to_zero(self, draws, fen):
        made = [
            ledger.granted("r", "l", fen),
            ledger.expired("r", "l", fen),
            ledger.reserved("r", draws),
            ledger.released("r", draws),
            ledger.settled("r", "o", draws, fen),
            ledger.charged("r", "o", fen),
            ledger.paid("o", fen),
        ]
        for entry in made:
            back = ledger.reversal(entry, "1")
            both = [*entry.postings, *back.postings]
            assert sum(one.amount_fen for one in entry.postings) == 0
            assert all(one.amount_fen for one in both)
            assert back.reverses == "1"

    def test_one_that_does_not_balance_cannot_be_built(self):
        with pytest.raises(ValueError, match="5 fen out of balance"):
            Entry(EntryKind.GRANT, (Posting(Account.AVAILABLE, 5, "r"),))


class TestARuleFile:
    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"surprise": 1}, "surprise"),
            ({"no_show_percent": 101}, "no_show_percent"),
            ({"cancel_hours": {"meal": 2}}, "nothing about"),
            ({"refund_days": 0}, "refund_days"),
            ({"scale": "other"}, "scale"),
        ],
    )
    def test_that_is_wrong_names_the_place(self, change, complaint):
        with pytest.raises(RulesError, match=complaint):
            read_subsidies(written() | change, "here")

    @pytest.mark.parametrize(
        "change",
        [
            {"levels": [9]},
            {"pays_percent": {"meal": 101}},
            {"pays_percent": {"dancing": 10}},
            {"fen_per_month": 0},
            {"valid_months": 0},
        ],
    )
    def test_with_a_wrong_grant_does_too(self, change):
        data = written()
        data["grants"][0] |= change
        with pytest.raises(RulesError, match=r"grants\[0\]"):
            read_subsidies(data, "here")

    def test_with_a_grant_twice_is_refused(self):
        data = written()
        data["grants"].append(data["grants"][0])
        with pytest.raises(RulesError, match="twice"):
            read_subsidies(data, "here")
