"""What the rules make of answers, against the standard's own figures and an oracle by hand."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.assessment_rules import RuleBook, read_rules
from xianban_eldercare.domain.assessments import Facts, missing, months_after, score
from xianban_eldercare.domain.errors import AssessmentError, RulesError
from xianban_eldercare.rules import RULES

NOW = RULES.of("gbt-42195-2022")
FILE = files("xianban_eldercare.rules").joinpath("gbt-42195-2022.toml").read_text("utf-8")
MOST = {item.term.key: item.maximum for item in NOW.items}
# Both ends included, by the standard's table.
BANDS = {1: (90, 90), 2: (66, 89), 3: (46, 65), 4: (30, 45), 5: (0, 29)}
COMA = {"consciousness": 0}


def answers() -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({key: st.integers(0, most) for key, most in MOST.items()})


def awake() -> st.SearchStrategy[dict[str, int]]:
    return answers().map(lambda given: given | {"consciousness": max(1, given["consciousness"])})


def facts() -> st.SearchStrategy[Facts]:
    codes = st.lists(st.from_regex(r"F[0-9]{2}(\.[0-9])?", fullmatch=True), max_size=3)
    kinds = [term.key for term in NOW.risk_events]
    events = st.dictionaries(st.sampled_from(kinds), st.integers(0, 4), max_size=5)
    return st.builds(lambda found, counted: Facts(tuple(found), counted), codes, events)


def by_total(total: int) -> int:
    return next(level for level, (least, most) in BANDS.items() if least <= total <= most)


def oracle(given: dict[str, int], known: Facts) -> int:
    """The text of the standard, once more and without data."""
    if given["consciousness"] == 0:
        return 5
    worse = bool(known.diagnoses) or sum(known.events.values()) >= 2
    return min(5, by_total(sum(given.values())) + worse)


def of_total(total: int) -> dict[str, int]:
    """Some answers, of somebody awake, that make the total; at least 1."""
    given = dict.fromkeys(MOST, 0) | {"consciousness": 1}
    left = total - 1
    for key, most in MOST.items():
        more = min(left, most - given[key])
        given[key] += more
        left -= more
    return given


class TestTheRules:
    def test_have_the_standard_s_domains_items_and_points(self):
        found = {d.term.key: (len(d.items), d.maximum) for d in NOW.domains}
        assert found == {
            "self-care": (8, 32), "movement": (4, 15), "mind": (9, 28), "senses": (5, 15)
        }  # fmt: skip
        assert (len(MOST), NOW.maximum, NOW.assessors) == (26, 90, 2)

    def test_have_the_standard_s_bands(self):
        assert {band.level: (band.least, band.most) for band in NOW.bands} == BANDS

    def test_say_every_answer_in_both_languages_and_no_two_alike(self):
        for item in NOW.items:
            for locale in ("zh-CN", "en"):
                said = [option.texts[locale] for option in item.options]
                assert len(set(said)) == len(said)

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (lambda d: d["levels"][1].update(least=67), "does not begin at 66"),
            (lambda d: d["levels"].pop(), "not"),
            (lambda d: d["levels"].reverse(), "in this order"),
            (lambda d: d["domains"][0].update(maximum=31), "not 31"),
            (lambda d: d["domains"][0]["items"].pop(), "not 32"),
            (lambda d: d["domains"][0]["items"][0]["options"].pop(), "down to 0"),
            (lambda d: d.update(total=91), "not 26 and 91"),
            (lambda d: d["adjustments"].update(worsening="twice"), "none of"),
            (lambda d: d["adjustments"]["sets"][0].update(item="breathing"), "nobody asks for"),
            (lambda d: d["adjustments"]["sets"][0].update(level=6), "not from 1 to 5"),
            (lambda d: d["adjustments"]["worsens"][0].update(diagnoses=["F03", "F00"]), "a first"),
            (lambda d: d["adjustments"]["worsens"][2].update(event=2), "unknown event"),
            (lambda d: d["risk_events"][1].update(key="fall"), "twice"),
            (lambda d: d.update(effective_from="2022-12-30"), "date wanted"),
            (lambda d: d.update(effective_from=datetime(2022, 1, 1, tzinfo=UTC)), "without a time"),
            (lambda d: d.update(items=True), "not from"),
            (lambda d: d.pop("en"), "str wanted"),
            (lambda d: d.update(zh=" "), "empty"),
            (lambda d: d.update(colour="red"), "unknown colour"),
        ],
    )
    def test_are_refused_when_they_do_not_add_up(self, change: Any, complaint: str):
        data = tomllib.loads(FILE)
        change(data)
        with pytest.raises(RulesError, match=complaint) as refused:
            read_rules(data, "a file")
        assert "a file" in str(refused.value)

    def test_two_versions_do_not_begin_on_the_same_day(self):
        with pytest.raises(RulesError, match="same day"):
            RuleBook({"a": NOW, "b": NOW})


class TestTheLevelByPoints:
    @pytest.mark.parametrize("total", sorted({edge for band in BANDS.values() for edge in band}))
    def test_turns_at_the_standard_s_edges(self, total: int):
        found = score(NOW, of_total(total) if total else dict.fromkeys(MOST, 0), Facts())
        assert (found.total, found.before) == (total, by_total(total))

    @given(answers())
    def test_is_that_of_the_total_and_the_total_that_of_the_items(self, given: dict[str, int]):
        found = score(NOW, given, Facts())
        assert found.total == sum(given.values()) == sum(d.points for d in found.domains)
        assert {i.item.term.key: i.points for d in found.domains for i in d.items} == given
        assert found.before == by_total(found.total)

    @given(answers(), st.sampled_from(sorted(MOST)), facts())
    def test_never_gets_better_by_a_worse_answer(
        self, given: dict[str, int], item: str, known: Facts
    ):
        worse = given | {item: max(0, given[item] - 1)}
        assert score(NOW, worse, known).level >= score(NOW, given, known).level


class TestAdjustments:
    @given(answers(), facts())
    def test_give_what_the_text_says_and_never_a_better_level(
        self, given: dict[str, int], known: Facts
    ):
        found = score(NOW, given, known)
        assert found.level == oracle(given, known)
        assert found.level >= found.before
        assert found.level == (found.adjustments[-1].level if found.adjustments else found.before)

    @given(answers(), facts())
    def test_a_coma_decides_alone(self, given: dict[str, int], known: Facts):
        found = score(NOW, given | COMA, known)
        assert (found.level, [one.key for one in found.adjustments]) == (5, ["coma"])

    @pytest.mark.parametrize(
        ("known", "reasons"),
        [
            (Facts(("F00",)), ["dementia"]),
            (Facts(("F03.9",)), ["dementia"]),
            (Facts(("F04",)), ["mental-disorder"]),
            (Facts(("F99",)), ["mental-disorder"]),
            (Facts(events={"fall": 2}), ["care-risk"]),
            (Facts(events={"fall": 1, "lost": 1}), ["care-risk"]),
            (Facts(events={"fall": 1}), []),
            (Facts(("I10",)), []),
        ],
    )
    def test_each_moves_the_level_one_step(self, known: Facts, reasons: list[str]):
        found = score(NOW, of_total(70), known)
        assert [one.key for one in found.adjustments] == reasons
        assert found.level == 2 + bool(reasons)

    def test_when_several_hold_the_level_moves_once_and_the_others_are_told(self):
        found = score(NOW, of_total(70), Facts(("F00", "F32"), {"fall": 3}))
        moved = [(one.key, one.level, one.moved) for one in found.adjustments]
        assert moved == [
            ("dementia", 3, True), ("mental-disorder", 3, False), ("care-risk", 3, False)
        ]  # fmt: skip

    def test_a_rule_file_may_let_each_of_them_count(self):
        data = deepcopy(tomllib.loads(FILE))
        data["adjustments"]["worsening"] = "each"
        found = score(read_rules(data, "other"), of_total(70), Facts(("F00",), {"fall": 2}))
        assert (found.before, found.level) == (2, 4)

    def test_nothing_is_worse_than_the_worst(self):
        found = score(NOW, of_total(20), Facts(("F00",)))
        assert (found.level, found.adjustments[0].moved) == (5, False)


class TestAnswersThatCannotBeCounted:
    @given(st.sets(st.sampled_from(sorted(MOST)), min_size=1))
    def test_every_missing_item_is_named(self, gone: set[str]):
        given = {key: most for key, most in MOST.items() if key not in gone}
        with pytest.raises(AssessmentError, match="ANSWERS_MISSING") as refused:
            score(NOW, given, Facts())
        assert {fault.at for fault in refused.value.faults} == gone == set(missing(NOW, given))

    @given(st.sampled_from(sorted(MOST)), st.integers(-(2**31), 2**31 - 1))
    def test_an_answer_out_of_range_names_its_item(self, item: str, points: int):
        given = MOST | {item: points}
        if 0 <= points <= MOST[item]:
            assert score(NOW, given, Facts()).total == 90 - MOST[item] + points
            return
        with pytest.raises(AssessmentError, match="ANSWERS_WRONG") as refused:
            score(NOW, given, Facts())
        (fault,) = refused.value.faults
        assert (fault.at, fault.rule, fault.most) == (item, "ANSWER_OUT_OF_RANGE", MOST[item])

    def test_what_nobody_asked_is_refused_by_name(self):
        with pytest.raises(AssessmentError, match="breathing"):
            score(NOW, MOST | {"breathing": 1}, Facts())
        with pytest.raises(AssessmentError, match="lightning"):
            score(NOW, MOST, Facts(events={"lightning": 2}))


class TestVersions:
    def test_the_newest_that_has_begun_is_the_current_one(self):
        data = tomllib.loads(FILE)
        data |= {"version": "later", "effective_from": date(2027, 1, 1)}
        book = RuleBook({NOW.version: NOW, "later": read_rules(data, "later")})
        assert book.current(date(2026, 12, 31)).version == NOW.version
        assert book.current(date(2027, 1, 1)).version == "later"
        assert book.current(date(2000, 1, 1)).version == NOW.version

    @given(st.integers(0, 36_500), st.integers(1, 48))
    def test_a_level_is_old_so_many_calendar_months_later(self, days: int, months: int):
        start = date(2000, 1, 1) + timedelta(days=days)
        end = months_after(start, months)
        assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
        assert end.day == min(start.day, 28)
