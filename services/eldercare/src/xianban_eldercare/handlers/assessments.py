"""Opening, filling in, completing and counting anew an assessment of an elder's ability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from xianban_sdk.clock import local_day, midnight
from xianban_sdk.errors import Aborted, AlreadyExists, FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain import assessments as domain
from xianban_eldercare.domain.assessment_rules import RuleBook, Rules
from xianban_eldercare.domain.assessments import Facts, Outcome
from xianban_eldercare.errors import refusals
from xianban_eldercare.events import tell_completed
from xianban_eldercare.repository import Assessments, CareFiles, Scope
from xianban_eldercare.repository.rows import AssessmentRow

__all__ = [
    "Basics",
    "Opening",
    "Part",
    "Rescored",
    "answers_of",
    "basics_of",
    "complete_assessment",
    "discard_assessment",
    "due_after",
    "facts_of",
    "kept_result",
    "open_assessment",
    "outcome_of",
    "rescore",
    "rules_of_the_day",
    "save_part",
]


@dataclass(frozen=True, slots=True)
class Basics:
    """When, where and by whom; `reason` is first | continued | changed | review."""

    reason: str
    place: str
    assessors: tuple[str, ...]
    informant: str
    relation: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A new assessment of an elder; `replaces` is the id of the one it corrects, or ""."""

    resident: str
    basics: Basics
    replaces: str


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody filled in, and the version they saw; None stays as it was."""

    basics: Basics | None
    answers: dict[str, int]
    facts: Facts | None
    seen: int


@dataclass(frozen=True, slots=True)
class Rescored:
    """What was said at completion beside what its own rules say now."""

    level: int
    total: int
    outcome: Outcome
    same: bool


def rules_of_the_day(book: RuleBook, now: datetime) -> Rules:
    """The version for assessments that are opened now."""
    return book.current(local_day(now))


def due_after(completed: datetime, rules: Rules) -> datetime:
    """A level is old from the beginning of a day, whenever in the day it was found."""
    return midnight(domain.months_after(local_day(completed), rules.renew_after_months))


def open_assessment(
    opening: Opening, *, book: RuleBook, scope: Scope, uow: UnitOfWork
) -> AssessmentRow:
    """A draft under the rules of the day."""
    CareFiles(uow.conn, scope).get(opening.resident)
    found = Assessments(uow.conn, scope)
    if opening.replaces:
        _must_stand(found, opening)
    row = AssessmentRow(
        resident=opening.resident,
        id=uow.ids.new(),
        draft_of=opening.resident,
        rules=rules_of_the_day(book, uow.clock.now()).version,
        reason=opening.basics.reason,
        basics=_kept_basics(opening.basics),
        answers="{}",
        facts="",
        result="",
        level=0,
        replaces=opening.replaces or None,
        opened_by=scope.actor,
        created_at=uow.clock.now(),
        completed_at=None,
        due_at=None,
        version=1,
    )
    if not found.add(row):
        raise AlreadyExists("ASSESSMENT_UNDER_WAY", field="parent")
    return row


def _must_stand(found: Assessments, opening: Opening) -> None:
    """Only the assessment whose level counts is corrected; a correction of it counts then."""
    if found.get(opening.resident, opening.replaces).is_draft:
        raise FailedPrecondition("ASSESSMENT_NOT_COMPLETED", field="replaces")
    standing = found.standing(opening.resident)
    if standing is None or standing.id != opening.replaces:
        raise FailedPrecondition("ASSESSMENT_NOT_CURRENT", field="replaces")


def save_part(
    resident: str, id_: str, part: Part, *, book: RuleBook, scope: Scope, uow: UnitOfWork
) -> AssessmentRow:
    """Keeps what is given; the rest of the draft stays as it was."""
    before = _draft(resident, id_, part.seen, scope, uow)
    with refusals():
        domain.check(book.of(before.rules), part.answers, part.facts or Facts())
    answers = answers_of(before) | part.answers
    basics = part.basics
    changed = replace(
        before,
        answers=_kept(answers),
        reason=basics.reason if basics else before.reason,
        basics=_kept_basics(basics) if basics else before.basics,
        facts=_kept_facts(part.facts) if part.facts else before.facts,
        version=before.version + 1,
    )
    return _saved(changed, before, scope, uow)


def complete_assessment(
    resident: str, id_: str, seen: int, *, book: RuleBook, scope: Scope, uow: UnitOfWork
) -> AssessmentRow:
    """For good: the level becomes the care file's, and the others are told."""
    before = _draft(resident, id_, seen, scope, uow)
    rules = book.of(before.rules)
    named = {name.strip() for name in basics_of(before).assessors}
    if len(named - {""}) < rules.assessors:
        raise FailedPrecondition(
            "ASSESSORS_TOO_FEW", field="basics.assessors", least=rules.assessors
        )
    outcome = _counted(before, rules)
    now = uow.clock.now()
    done = replace(
        before,
        draft_of=None,
        result=kept_result(outcome),
        level=outcome.level,
        completed_at=now,
        due_at=due_after(now, rules),
        version=before.version + 1,
    )
    return _announced(_saved(done, before, scope, uow), scope, uow)


def _announced(row: AssessmentRow, scope: Scope, uow: UnitOfWork) -> AssessmentRow:
    files = CareFiles(uow.conn, scope)
    file = files.get(row.resident)
    if row.completed_at is not None and row.due_at is not None:
        files.set_level(row.resident, row.level, row.completed_at, row.due_at)
    tell_completed(row, file, uow=uow)
    return row


def discard_assessment(resident: str, id_: str, *, scope: Scope, uow: UnitOfWork) -> None:
    """Throws a draft away, with what was answered."""
    if not Assessments(uow.conn, scope).discard(_draft(resident, id_, 0, scope, uow)):
        raise Aborted("ASSESSMENT_CHANGED", field="version")


def outcome_of(row: AssessmentRow, book: RuleBook) -> Outcome | None:
    """By the case's own rules; None as long as something is unanswered."""
    rules = book.of(row.rules)
    if not row.facts or domain.missing(rules, answers_of(row)):
        return None
    return domain.score(rules, answers_of(row), facts_of(row) or Facts())


def rescore(resident: str, id_: str, *, book: RuleBook, scope: Scope, uow: UnitOfWork) -> Rescored:
    """An old case under its own rules, whichever are current."""
    row = Assessments(uow.conn, scope).get(resident, id_)
    if row.is_draft:
        raise FailedPrecondition("ASSESSMENT_NOT_COMPLETED", field="name")
    outcome = _counted(row, book.of(row.rules))
    stored: dict[str, Any] = orjson.loads(row.result)
    same = stored == _result(outcome) and row.level == outcome.level
    return Rescored(row.level, int(stored["total"]), outcome, same)


def basics_of(row: AssessmentRow) -> Basics:
    kept: dict[str, Any] = orjson.loads(row.basics)
    names = tuple(kept.pop("assessors"))
    return Basics(reason=row.reason, assessors=names, **kept)


def answers_of(row: AssessmentRow) -> dict[str, int]:
    return orjson.loads(row.answers)


def facts_of(row: AssessmentRow) -> Facts | None:
    """None as long as nobody has answered that part."""
    if not row.facts:
        return None
    kept: dict[str, Any] = orjson.loads(row.facts)
    return Facts(tuple(kept["diagnoses"]), kept["events"])


def kept_result(outcome: Outcome) -> str:
    """What is said at completion, as it is kept."""
    return _kept(_result(outcome))


def _draft(resident: str, id_: str, seen: int, scope: Scope, uow: UnitOfWork) -> AssessmentRow:
    row = Assessments(uow.conn, scope).get(resident, id_)
    if not row.is_draft:
        raise FailedPrecondition("ASSESSMENT_COMPLETED", field="name")
    if seen not in (0, row.version):
        raise Aborted("ASSESSMENT_CHANGED", field="version")
    return row


def _saved(
    row: AssessmentRow, before: AssessmentRow, scope: Scope, uow: UnitOfWork
) -> AssessmentRow:
    if not Assessments(uow.conn, scope).save(row, seen=before.version):
        raise Aborted("ASSESSMENT_CHANGED", field="version")
    return row


def _counted(row: AssessmentRow, rules: Rules) -> Outcome:
    with refusals():
        outcome = domain.score(rules, answers_of(row), facts_of(row) or Facts())
    if not row.facts:
        raise FailedPrecondition("FACTS_MISSING", field="facts")
    return outcome


def _result(outcome: Outcome) -> dict[str, Any]:
    """What must come out again, as it is kept."""
    moves = [[one.key, one.level, one.moved] for one in outcome.adjustments]
    points = {one.domain.term.key: one.points for one in outcome.domains}
    return {
        "level": outcome.level,
        "before": outcome.before,
        "total": outcome.total,
        "domains": points,
        "adjustments": moves,
    }


def _kept_basics(basics: Basics) -> str:
    return _kept(
        {
            "place": basics.place,
            "assessors": list(basics.assessors),
            "informant": basics.informant,
            "relation": basics.relation,
        }
    )


def _kept_facts(facts: Facts) -> str:
    return _kept({"diagnoses": list(facts.diagnoses), "events": dict(facts.events)})


def _kept(value: Any) -> str:
    return orjson.dumps(value).decode()
