"""The quality scale and where a plugin stands on it."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal, cast

from xianban_sdk.plugins.complaints import Complaint

__all__ = [
    "TIERS",
    "BadExemption",
    "Finding",
    "Report",
    "Rule",
    "State",
    "Verdict",
    "exemptions",
    "scale",
]

TIERS: Final = ("bronze", "silver", "gold")
EXEMPTIONS: Final = "quality.toml"
_SHORTEST_REASON: Final = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is asked of a plugin."""

    id: str
    tier: str
    how: Literal["read", "run", "tool"]
    exempt: bool = False
    """Whether a plugin may say that it does not fit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule."""

    rule: str
    where: str
    """A file with its line, a key of the manifest, or the hook that was called."""
    complaint: Complaint


class State(StrEnum):
    """How a rule fares."""

    HOLDS = "holds"
    BROKEN = "broken"
    EXEMPT = "exempt"
    # A tool is not there, or what the rule looks at could not be reached.
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's outcome."""

    rule: Rule
    state: State
    findings: Sequence[Finding] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All rules' outcomes."""

    plugin: str
    version: str
    verdicts: Sequence[Verdict]

    @property
    def tier(self) -> str:
        """The highest tier whose rules, and those below, all hold; empty: not even bronze."""
        reached = ""
        for tier in TIERS:
            of_tier = [one for one in self.verdicts if one.rule.tier == tier]
            if any(one.state not in (State.HOLDS, State.EXEMPT) for one in of_tier):
                break
            reached = tier
        return reached

    @property
    def passed(self) -> bool:
        """Whether a district takes it: bronze at least."""
        return bool(self.tier)


class BadExemption(ValueError):
    """quality.toml exempts what there is not, what may not be, or without a reason."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.text("en"))
        self.complaint = complaint


@cache
def scale() -> Sequence[Rule]:
    """The rules, bronze first."""
    raw = resources.files(__package__ or "").joinpath("rules.toml").read_text("utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(raw)
    return tuple(
        Rule(name, tier, **facts) for tier in TIERS for name, facts in tables[tier].items()
    )


def exemptions(folder: Path) -> Mapping[str, str]:
    """Rule → reason of a plugin's own file; BadExemption says what is wrong with it."""
    file = folder / EXEMPTIONS
    if not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadExemption(Complaint("", "quality-no-toml", {"why": str(error)})) from None
    found = cast("dict[str, Any]", table.get("exempt", {}))
    rules = {rule.id: rule for rule in scale()}
    for name, reason in [*found.items(), *((key, "") for key in table if key != "exempt")]:
        key = _wrong(rules.get(name), reason)
        if key:
            raise BadExemption(Complaint(f"exempt.{name}", key))
    return found


def _wrong(rule: Rule | None, reason: object) -> str:
    if rule is None:
        return "quality-unknown"
    if not rule.exempt:
        return "quality-not-exempt"
    enough = isinstance(reason, str) and len(reason.strip()) >= _SHORTEST_REASON
    return "" if enough else "quality-no-reason"


def judged(
    findings: Iterable[Finding], not_judged: Mapping[str, str], exempt: Mapping[str, str]
) -> Sequence[Verdict]:
    """Every rule's verdict; `not_judged` says why a rule could not be looked at."""
    by_rule: dict[str, list[Finding]] = {}
    for one in findings:
        by_rule.setdefault(one.rule, []).append(one)
    return tuple(_verdict(rule, by_rule.get(rule.id, []), not_judged, exempt) for rule in scale())


def _verdict(
    rule: Rule, found: list[Finding], not_judged: Mapping[str, str], exempt: Mapping[str, str]
) -> Verdict:
    verdict = Verdict(rule, State.BROKEN if found else State.HOLDS, found)
    if rule.id in exempt:
        return dataclasses.replace(verdict, state=State.EXEMPT, reason=exempt[rule.id])
    if rule.id in not_judged and not found:
        return Verdict(rule, State.NOT_JUDGED, reason=not_judged[rule.id])
    return verdict
