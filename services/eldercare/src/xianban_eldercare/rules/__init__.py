"""The rule files of this package, read and checked when the service starts.

`gbt-*.toml` are versions of the ability assessment, `eligibility-*.toml` versions of what a level
gives, `subsidy-*.toml` versions of what a month grants. A file that is not right stops the start;
a file that has been used is never changed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from xianban_eldercare.domain.assessment_rules import RuleBook, read_rules
from xianban_eldercare.domain.eligibility import Schedule, read_schedule
from xianban_eldercare.domain.errors import RulesError
from xianban_eldercare.domain.subsidies import SubsidyRules, read_subsidies

__all__ = ["RULES", "SCHEDULES", "SUBSIDIES"]


def _found(prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file's name without its ending, content); the version in a file is its name."""
    for file in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        name = file.name.removesuffix(".toml")
        if name != file.name and name.startswith(prefix):
            data = tomllib.loads(file.read_text("utf-8"))
            if data.get("version") != name:
                raise RulesError(f"{file.name}: its version is not its name")
            yield name, data


RULES: Final = RuleBook({name: read_rules(data, name) for name, data in _found("gbt-")})
SCHEDULES: Final[tuple[Schedule, ...]] = tuple(
    read_schedule(data, name) for name, data in _found("eligibility-")
)
SUBSIDIES: Final[tuple[SubsidyRules, ...]] = tuple(
    read_subsidies(data, name) for name, data in _found("subsidy-")
)
