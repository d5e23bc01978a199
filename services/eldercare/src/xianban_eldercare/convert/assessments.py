"""Assessments and their rules: protobuf ⇄ domain and rows, in the caller's language."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import assessments_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.errors import InvalidArgument

from xianban_eldercare.convert.care_files import LEVELS, resident_of
from xianban_eldercare.domain.assessment_rules import Domain, Item, Rules, Term
from xianban_eldercare.domain.assessments import DomainScore, Facts, Outcome
from xianban_eldercare.handlers import assessments as handlers
from xianban_eldercare.handlers.assessments import Basics, Opening, Part, Rescored
from xianban_eldercare.repository.rows import AssessmentRow, ElderRow

__all__ = [
    "assessment",
    "elder",
    "id_of",
    "opening",
    "part",
    "rescored",
    "rules",
    "summary",
    "version_of",
]

_PACKAGE: Final = "xianban_eldercare"
_REASONS: Final = {
    pb.ASSESSMENT_REASON_FIRST: "first",
    pb.ASSESSMENT_REASON_CONTINUED: "continued",
    pb.ASSESSMENT_REASON_CHANGED: "changed",
    pb.ASSESSMENT_REASON_REVIEW: "review",
}
_SHOWN_REASON: Final = {kept: shown for shown, kept in _REASONS.items()}


def id_of(name: str) -> str:
    """`residents/{id}/assessments/{id}` → the last id."""
    return name.rpartition("/")[2]


def version_of(name: str) -> str:
    """`assessmentRules/{version}` → the version."""
    return name.partition("/")[2]


def opening(request: pb.CreateAssessmentRequest) -> Opening:
    resident = resident_of(request.parent)
    if request.replaces and resident_of(request.replaces) != resident:
        # Somebody else's answers as an absent one.
        return Opening(resident, _basics(request.basics), "0" * 26)
    return Opening(resident, _basics(request.basics), id_of(request.replaces))


def part(request: pb.SaveAssessmentRequest) -> Part:
    answers = {one.item: one.points for one in request.answers}
    if len(answers) < len(request.answers):
        raise InvalidArgument("ANSWER_TWICE", field="answers")
    return Part(
        basics=_basics(request.basics) if request.HasField("basics") else None,
        answers=answers,
        facts=_facts(request.facts) if request.HasField("facts") else None,
        seen=request.version,
    )


def _basics(basics: pb.AssessmentBasics) -> Basics:
    return Basics(
        reason=_REASONS[basics.reason],
        place=basics.place,
        assessors=tuple(basics.assessors),
        informant=basics.informant.display_name,
        relation=basics.informant.relation,
    )


def _facts(facts: pb.AssessmentFacts) -> Facts:
    events: dict[str, int] = {}
    for one in facts.risk_events:
        events[one.kind] = events.get(one.kind, 0) + one.count
    return Facts(tuple(facts.diagnoses), events)


def summary(row: AssessmentRow, name: str, replaced_by: str = "") -> pb.Assessment:
    """What a list shows: no answers, facts and outcome; `name` is the elder's."""
    shown = pb.Assessment(
        name=_name(row.resident, row.id),
        display_name=name,
        state=pb.ASSESSMENT_STATE_DRAFT if row.is_draft else pb.ASSESSMENT_STATE_COMPLETED,
        rules=f"assessmentRules/{row.rules}",
        basics=_shown_basics(row),
        care_level=LEVELS[row.level],
        replaces=_name(row.resident, row.replaces) if row.replaces else "",
        replaced_by=_name(row.resident, replaced_by) if replaced_by else "",
        opened_by=row.opened_by,
        version=row.version,
    )
    shown.create_time.FromDatetime(row.created_at)
    if row.completed_at is not None:
        shown.complete_time.FromDatetime(row.completed_at)
    if row.due_at is not None:
        shown.due_time.FromDatetime(row.due_at)
    return shown


def assessment(
    row: AssessmentRow, outcome: Outcome | None, name: str, replaced_by: str, locale: str
) -> pb.Assessment:
    """The whole assessment; the outcome as far as there is one."""
    shown = summary(row, name, replaced_by)
    for item, points in handlers.answers_of(row).items():
        shown.answers.add(item=item, points=points)
    facts = handlers.facts_of(row)
    if facts is not None:
        shown.facts.SetInParent()
        shown.facts.diagnoses.extend(facts.diagnoses)
        for kind, count in facts.events.items():
            shown.facts.risk_events.add(kind=kind, count=count)
    if outcome is not None:
        shown.outcome.CopyFrom(_outcome(outcome, locale))
    return shown


def _shown_basics(row: AssessmentRow) -> pb.AssessmentBasics:
    basics = handlers.basics_of(row)
    informant = pb.Informant(display_name=basics.informant, relation=basics.relation)
    return pb.AssessmentBasics(
        reason=_SHOWN_REASON[basics.reason],
        place=basics.place,
        assessors=basics.assessors,
        informant=informant,
    )


def elder(row: ElderRow) -> pb.ElderToAssess:
    shown = pb.ElderToAssess(
        resident=f"residents/{row.resident}",
        display_name=row.display_name,
        area=row.area,
        care_level=LEVELS[row.care_level],
        draft=_name(row.resident, row.draft) if row.draft else "",
    )
    if row.level_assessed_at is not None:
        shown.level_time.FromDatetime(row.level_assessed_at)
    if row.level_due_at is not None:
        shown.level_due_time.FromDatetime(row.level_due_at)
    return shown


def rescored(found: Rescored, current: Rules, locale: str) -> pb.RescoreAssessmentResponse:
    return pb.RescoreAssessmentResponse(
        stored_level=LEVELS[found.level],
        stored_total=found.total,
        outcome=_outcome(found.outcome, locale),
        same=found.same,
        current_rules=f"assessmentRules/{current.version}",
    )


def rules(found: Rules, locale: str) -> pb.AssessmentRules:
    bands = [
        pb.LevelBand(
            care_level=LEVELS[band.level],
            title=band.term.texts[locale],
            least=band.least,
            most=band.most,
        )
        for band in found.bands
    ]
    return pb.AssessmentRules(
        name=f"assessmentRules/{found.version}",
        title=found.texts[locale],
        effective_from=found.effective_from.isoformat(),
        domains=[_domain(domain, locale) for domain in found.domains],
        bands=bands,
        adjustments=[_term(one.term, locale) for one in (*found.sets, *found.worsens)],
        diagnoses=[_term(term, locale) for term in found.diagnoses],
        risk_kinds=[_term(term, locale) for term in found.risk_events],
        renew_after_months=found.renew_after_months,
        risk_days=found.risk_days,
    )


def _term(term: Term, locale: str) -> pb.AssessmentTerm:
    return pb.AssessmentTerm(key=term.key, title=term.texts[locale])


def _domain(domain: Domain, locale: str) -> pb.AssessmentDomain:
    return pb.AssessmentDomain(
        domain=domain.term.key,
        title=domain.term.texts[locale],
        maximum=domain.maximum,
        items=[_item(item, locale) for item in domain.items],
    )


def _item(item: Item, locale: str) -> pb.AssessmentItem:
    options = [
        pb.AssessmentOption(points=one.points, text=one.texts[locale]) for one in item.options
    ]
    return pb.AssessmentItem(
        item=item.term.key,
        title=item.term.texts[locale],
        maximum=item.maximum,
        options=options,
    )


def _outcome(outcome: Outcome, locale: str) -> pb.AssessmentOutcome:
    adjustments = [
        pb.LevelAdjustment(
            adjustment=one.key,
            text=one.texts[locale],
            care_level=LEVELS[one.level],
            moved=one.moved,
        )
        for one in outcome.adjustments
    ]
    return pb.AssessmentOutcome(
        domains=[_domain_score(one, locale) for one in outcome.domains],
        total=outcome.total,
        maximum=outcome.rules.maximum,
        level_before=LEVELS[outcome.before],
        adjustments=adjustments,
        care_level=LEVELS[outcome.level],
        sentence=_sentence(outcome, locale),
        rules=f"assessmentRules/{outcome.rules.version}",
    )


def _sentence(outcome: Outcome, locale: str) -> str:
    bands = outcome.rules
    return i18n.text(
        "assessment-sentence-moved" if outcome.level != outcome.before else "assessment-sentence",
        locale,
        _PACKAGE,
        total=outcome.total,
        maximum=bands.maximum,
        before=bands.band(outcome.before).term.texts[locale],
        level=bands.band(outcome.level).term.texts[locale],
    )


def _domain_score(one: DomainScore, locale: str) -> pb.DomainScore:
    items = [
        pb.ItemScore(
            item=each.item.term.key,
            title=each.item.term.texts[locale],
            points=each.points,
            maximum=each.item.maximum,
            answer=each.option.texts[locale],
        )
        for each in one.items
    ]
    return pb.DomainScore(
        domain=one.domain.term.key,
        title=one.domain.term.texts[locale],
        points=one.points,
        maximum=one.domain.maximum,
        items=items,
    )


def _name(resident: str, id_: str) -> str:
    return f"residents/{resident}/assessments/{id_}"
