"""The rules of an ability assessment as data: domains, items, answers, bands, adjustments.

A version is immutable: an assessment names the one it holds to, and is counted by it for ever.
The form of a rule file is what `read_rules` takes; whatever does not add up is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from xianban_eldercare.domain.errors import RulesError
from xianban_eldercare.domain.strict import Table, words

__all__ = [
    "Band",
    "Domain",
    "Item",
    "Option",
    "RuleBook",
    "Rules",
    "Setting",
    "Term",
    "Worsening",
    "read_rules",
]

# The care file's levels, `CareLevel`: 1 is 能力完好, 5 is 完全失能.
LEVELS: Final = (1, 2, 3, 4, 5)
ONCE, EACH = "once", "each"


@dataclass(frozen=True, slots=True)
class Term:
    """A key and what it means: locale → text."""

    key: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: what it counts, and its text by locale."""

    points: int
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing looked at; options best first, their points `maximum` down to 0."""

    term: Term
    options: tuple[Option, ...]

    @property
    def maximum(self) -> int:
        return self.options[0].points


@dataclass(frozen=True, slots=True)
class Domain:
    """Items that belong together."""

    term: Term
    items: tuple[Item, ...]

    @property
    def maximum(self) -> int:
        return sum(item.maximum for item in self.items)


@dataclass(frozen=True, slots=True)
class Band:
    """The totals, both ends included, that give a level."""

    level: int
    term: Term
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Setting:
    """An answer that decides the level alone (coma)."""

    term: Term
    item: str
    at_most: int
    level: int


@dataclass(frozen=True, slots=True)
class Worsening:
    """A diagnosis (ICD-10 categories first to last), or a number of care-risk events."""

    term: Term
    diagnoses: tuple[str, str] | None = None
    events: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """One version."""

    version: str
    scale: str
    texts: Mapping[str, str]
    effective_from: date
    assessors: int
    renew_after_months: int
    bands: tuple[Band, ...]
    once: bool
    risk_days: int
    sets: tuple[Setting, ...]
    worsens: tuple[Worsening, ...]
    risk_events: tuple[Term, ...]
    diagnoses: tuple[Term, ...]
    domains: tuple[Domain, ...]

    @property
    def items(self) -> Iterator[Item]:
        return (item for domain in self.domains for item in domain.items)

    @property
    def maximum(self) -> int:
        return sum(domain.maximum for domain in self.domains)

    def band(self, level: int) -> Band:
        return next(band for band in self.bands if band.level == level)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every version that is known, by name."""

    versions: Mapping[str, Rules]

    def __post_init__(self) -> None:
        starts = Counter(rules.effective_from for rules in self.versions.values())
        twice = [day for day, count in starts.items() if count > 1]
        if not self.versions or twice:
            raise RulesError(f"no rules, or two versions from the same day: {twice}")

    def find(self, version: str) -> Rules | None:
        return self.versions.get(version)

    def of(self, version: str) -> Rules:
        """A version that a stored assessment names; KeyError: its file was taken away."""
        return self.versions[version]

    def current(self, day: date) -> Rules:
        """The newest version in force on the day; before the first, the first."""
        ordered = sorted(self.versions.values(), key=lambda rules: rules.effective_from)
        return next(
            (rules for rules in reversed(ordered) if rules.effective_from <= day), ordered[0]
        )


def read_rules(data: Mapping[str, Any], where: str) -> Rules:
    """The rules in a rule file; RulesError names the file and what is wrong in it."""
    table = Table(data, where)
    moves = table.table("adjustments")
    rules = Rules(
        version=table.text("version"),
        scale=table.text("scale"),
        texts=words(table),
        effective_from=table.day("effective_from"),
        assessors=table.number("assessors", least=1),
        renew_after_months=table.number("renew_after_months", least=1),
        bands=tuple(_band(one) for one in table.tables("levels")),
        once=moves.one_of("worsening", (ONCE, EACH)) == ONCE,
        risk_days=moves.number("risk_days", least=1),
        sets=tuple(_setting(one) for one in moves.tables("sets")),
        worsens=tuple(_worsening(one) for one in moves.tables("worsens")),
        risk_events=tuple(_term(one, closed=True) for one in table.tables("risk_events")),
        diagnoses=tuple(_term(one, closed=True) for one in table.tables("diagnoses")),
        domains=tuple(_domain(one) for one in table.tables("domains")),
    )
    count, total = table.number("items", least=1), table.number("total", least=1)
    moves.close()
    table.close()
    _add_up(rules, count, total, where)
    return rules


def _term(table: Table, *, closed: bool = False) -> Term:
    term = Term(table.text("key"), words(table))
    if closed:
        table.close()
    return term


def _band(table: Table) -> Band:
    band = Band(
        level=table.number("level", least=LEVELS[0], most=LEVELS[-1]),
        term=_term(table),
        least=table.number("least"),
        most=table.number("most"),
    )
    table.close()
    return band


def _setting(table: Table) -> Setting:
    setting = Setting(
        term=_term(table),
        item=table.text("item"),
        at_most=table.number("at_most"),
        level=table.number("level", least=LEVELS[0], most=LEVELS[-1]),
    )
    table.close()
    return setting


def _worsening(table: Table) -> Worsening:
    term = _term(table)
    if table.has("diagnoses"):
        first, last = table.pair("diagnoses")
        made = Worsening(term, diagnoses=(first, last))
    else:
        made = Worsening(term, events=table.number("events", least=1))
    table.close()
    return made


def _domain(table: Table) -> Domain:
    domain = Domain(_term(table), tuple(_item(one) for one in table.tables("items")))
    declared = table.number("maximum", least=1)
    table.close()
    if domain.maximum != declared:
        raise RulesError(f"{table.where}: its items make {domain.maximum}, not {declared}")
    return domain


def _item(table: Table) -> Item:
    term, options = _term(table), tuple(_option(one) for one in table.tables("options"))
    table.close()
    points = [option.points for option in options]
    if len(points) < 2 or points != list(range(len(points) - 1, -1, -1)):
        raise RulesError(f"{table.where}: its answers count {points}, not down to 0 one by one")
    return Item(term, options)


def _option(table: Table) -> Option:
    option = Option(table.number("points"), words(table))
    table.close()
    return option


def _add_up(rules: Rules, count: int, total: int, where: str) -> None:
    keys = [item.term.key for item in rules.items]
    if len(keys) != count or rules.maximum != total:
        raise RulesError(
            f"{where}: {len(keys)} items make {rules.maximum}, not {count} and {total}"
        )
    named: tuple[list[str], ...] = (
        keys,
        [domain.term.key for domain in rules.domains],
        [term.key for term in rules.risk_events],
        [one.term.key for one in (*rules.sets, *rules.worsens)],
    )
    for names in named:
        if len(set(names)) != len(names):
            raise RulesError(f"{where}: a key twice in {names}")
    unknown = [one.item for one in rules.sets if one.item not in keys]
    if unknown:
        raise RulesError(f"{where}: a level is set by {unknown}, which nobody asks for")
    _no_gap(rules, where)


def _no_gap(rules: Rules, where: str) -> None:
    """Every total has exactly one level, and more points never a worse one."""
    if tuple(band.level for band in rules.bands) != LEVELS:
        raise RulesError(f"{where}: the levels are not {LEVELS} in this order")
    expected = rules.maximum
    for band in rules.bands:
        if band.most != expected or band.least > band.most:
            raise RulesError(f"{where}: level {band.level} does not begin at {expected}")
        expected = band.least - 1
    if expected != -1:
        raise RulesError(f"{where}: totals up to {expected} have no level")
