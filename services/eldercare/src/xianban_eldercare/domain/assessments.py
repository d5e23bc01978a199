"""What the rules make of answers: points, the level by them, what moved it, and the level.

How the text of GB/T 42195-2022 is read here: a coma decides alone and whatever else holds. Of the
conditions that make the level worse the standard says that any one of them does (有以下情况之一);
so the level moves one step, once, also when two or three hold; those after the first are told
with `moved` false. A rule file can say "each" instead. See docs/eldercare/assessment.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from xianban_eldercare.domain.assessment_rules import Domain, Item, Option, Rules, Worsening
from xianban_eldercare.domain.errors import AssessmentError, Fault

__all__ = [
    "DomainScore",
    "Facts",
    "ItemScore",
    "Moved",
    "Outcome",
    "check",
    "missing",
    "months_after",
    "score",
]

_WORST: Final = 5
_LAST_DAY: Final = 28


@dataclass(frozen=True, slots=True)
class Facts:
    """What besides the points decides: ICD-10 codes, and kind of care-risk event → how often."""

    diagnoses: tuple[str, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class ItemScore:
    item: Item
    option: Option

    @property
    def points(self) -> int:
        return self.option.points


@dataclass(frozen=True, slots=True)
class DomainScore:
    domain: Domain
    items: tuple[ItemScore, ...]

    @property
    def points(self) -> int:
        return sum(one.points for one in self.items)


@dataclass(frozen=True, slots=True)
class Moved:
    """An adjustment that holds, the level after it, and whether it moved the level."""

    key: str
    texts: Mapping[str, str]
    level: int
    moved: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result with every step on the way."""

    rules: Rules
    domains: tuple[DomainScore, ...]
    before: int
    adjustments: tuple[Moved, ...]
    level: int

    @property
    def total(self) -> int:
        return sum(domain.points for domain in self.domains)


def score(rules: Rules, answers: Mapping[str, int], facts: Facts) -> Outcome:
    """Counts complete answers; AssessmentError names every item that is missing or wrong."""
    check(rules, answers, facts)
    if left := missing(rules, answers):
        raise AssessmentError(
            "ANSWERS_MISSING", tuple(Fault(key, "ANSWER_MISSING") for key in left)
        )
    domains = tuple(_domain(domain, answers) for domain in rules.domains)
    total = sum(domain.points for domain in domains)
    before = next(band.level for band in rules.bands if band.least <= total <= band.most)
    moves = _adjusted(rules, answers, facts, before)
    level = moves[-1].level if moves else before
    return Outcome(rules, domains, before, moves, level)


def check(rules: Rules, answers: Mapping[str, int], facts: Facts) -> None:
    """Refuses answers and facts that the rules don't know; some may still be missing."""
    items = {item.term.key: item for item in rules.items}
    faults = [fault for key, points in answers.items() if (fault := _wrong(items, key, points))]
    if faults:
        raise AssessmentError("ANSWERS_WRONG", tuple(faults))
    kinds = {term.key for term in rules.risk_events}
    unknown = [key for key in facts.events if key not in kinds]
    if unknown:
        faults = [Fault(key, "RISK_KIND_UNKNOWN") for key in unknown]
        raise AssessmentError("RISK_KINDS_WRONG", tuple(faults))


def missing(rules: Rules, answers: Mapping[str, int]) -> list[str]:
    """The items that nobody has answered yet, in their order."""
    return [item.term.key for item in rules.items if item.term.key not in answers]


def months_after(day: date, months: int) -> date:
    """The same day so many months later; from the 29th on that month's 28th."""
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, min(day.day, _LAST_DAY))


def _wrong(items: Mapping[str, Item], key: str, points: int) -> Fault | None:
    item = items.get(key)
    if item is None:
        return Fault(key, "ITEM_UNKNOWN")
    if not 0 <= points <= item.maximum:
        return Fault(key, "ANSWER_OUT_OF_RANGE", item.maximum)
    return None


def _domain(domain: Domain, answers: Mapping[str, int]) -> DomainScore:
    chosen = tuple(ItemScore(item, _option(item, answers[item.term.key])) for item in domain.items)
    return DomainScore(domain, chosen)


def _option(item: Item, points: int) -> Option:
    return next(option for option in item.options if option.points == points)


def _adjusted(
    rules: Rules, answers: Mapping[str, int], facts: Facts, before: int
) -> tuple[Moved, ...]:
    for one in rules.sets:
        if answers[one.item] <= one.at_most:
            level = max(before, one.level)
            return (Moved(one.term.key, one.term.texts, level, level != before),)
    moves: list[Moved] = []
    level = before
    for each in rules.worsens:
        if _holds(each, facts):
            steps = 0 if rules.once and moves else 1
            after = min(_WORST, level + steps)
            moves.append(Moved(each.term.key, each.term.texts, after, after != level))
            level = after
    return tuple(moves)


def _holds(one: Worsening, facts: Facts) -> bool:
    if one.diagnoses is None:
        return sum(facts.events.values()) >= one.events
    first, last = one.diagnoses
    return any(first <= code[: len(first)] <= last for code in facts.diagnoses)
