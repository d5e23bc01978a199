"""The demo elders' assessments: one completed this year, and the next one under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.assessment_rules import Rules
from xianban_eldercare.domain.assessments import Facts, score
from xianban_eldercare.handlers.assessments import due_after, kept_result
from xianban_eldercare.repository import MACHINE, Assessments, CareFiles
from xianban_eldercare.repository.rows import AssessmentRow
from xianban_eldercare.rules import RULES

__all__ = ["assess"]

# Within its validity, and near enough to its end that the next one is under way.
_AGO: Final = timedelta(days=300)
_BASICS: Final = {
    "place": "老人家中",
    "assessors": ["沈玉兰", "顾永明"],
    "informant": "李晓梅",
    "relation": "女儿",
}


def assess(uow: UnitOfWork, elder: dict[str, Any]) -> None:
    """The level in the care file is the completed one's."""
    now, resident = uow.clock.now(), person_id(elder["alias"])
    rules = RULES.current((now - _AGO).date())
    answers = {item.term.key: item.maximum for item in rules.items} | elder["answers"]
    found = Assessments(uow.conn, MACHINE)
    done = _completed(_draft(uow, resident, rules, answers), now - _AGO, rules, answers)
    found.add(done)
    due = done.due_at or now
    CareFiles(uow.conn, MACHINE).set_level(resident, done.level, now - _AGO, due)
    parts = [domain for domain in rules.domains if domain.term.key in elder["draft"]]
    keys = [item.term.key for domain in parts for item in domain.items]
    draft = _draft(uow, resident, rules, {key: answers[key] for key in keys})
    found.add(replace(draft, reason="continued"))


def _draft(uow: UnitOfWork, resident: str, rules: Rules, answers: dict[str, int]) -> AssessmentRow:
    return AssessmentRow(
        resident=resident,
        id=uow.ids.new(),
        draft_of=resident,
        rules=rules.version,
        reason="first",
        basics=orjson.dumps(_BASICS).decode(),
        answers=orjson.dumps(answers).decode(),
        facts="",
        result="",
        level=0,
        replaces=None,
        opened_by=person_id("assessor"),
        created_at=uow.clock.now(),
        completed_at=None,
        due_at=None,
        version=1,
    )


def _completed(
    draft: AssessmentRow, at: datetime, rules: Rules, answers: dict[str, int]
) -> AssessmentRow:
    outcome = score(rules, answers, Facts())
    return replace(
        draft,
        draft_of=None,
        facts=orjson.dumps({"diagnoses": [], "events": {}}).decode(),
        result=kept_result(outcome),
        level=outcome.level,
        created_at=at,
        completed_at=at,
        due_at=due_after(at, rules),
    )
