"""For assessors: whom to assess, the form step by step, and the confirmation with its reasons."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import assessments_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    person,
    read_form,
    render,
    roles_only,
    see_other,
    status,
)

from xianban_eldercare.web.clients import assessing
from xianban_eldercare.web.file import AREAS, LEVELS
from xianban_eldercare.web.shown import is_over, tail

ASSESSOR = "care-assessor"
PAGE = 20
# The last step: diagnoses and care-risk events.
FACTS = "facts"
REASONS = {
    pb.ASSESSMENT_REASON_FIRST: "first",
    pb.ASSESSMENT_REASON_CONTINUED: "continued",
    pb.ASSESSMENT_REASON_CHANGED: "changed",
    pb.ASSESSMENT_REASON_REVIEW: "review",
}
# The service's fields → those of the forms.
_FIELDS = {"facts.diagnoses": "other", "basics.assessors": "assessor-1"}
_SPACE = re.compile(r"[\s,，、;；]+")

# A page for assessors; the service checks again.
assessor_only = roles_only(ASSESSOR)


def resident_of(request: Request) -> str:
    return f"residents/{request.path_params['resident']}"


def case(request: Request) -> str:
    """The resource name of the assessment in the path."""
    return f"{resident_of(request)}/assessments/{request.path_params['assessment']}"


def here(name: str) -> str:
    """The page of an assessment, by its resource name."""
    _, resident, _, id_ = name.split("/")
    return f"/eldercare/assess/{resident}/{id_}"


@assessor_only
async def elders(request: Request) -> Response:
    query = request.query_params
    typed = {"q": query.get("q", "").strip()[:60], "all": query.get("all", "")}
    asked = pb.ListEldersToAssessRequest(
        search=typed["q"],
        due=not typed["all"],
        page_size=PAGE,
        page_token=query.get("page_token", ""),
    )
    found = await call(request, assessing.ListEldersToAssess, asked)
    return render(
        request,
        "eldercare/assess_elders.html",
        elders=[(tail(one.resident), one, _due(one)) for one in found.elders],
        typed=typed,
        levels=LEVELS,
        areas=AREAS,
        here=here,
        next_href=_href(typed | {"page_token": found.next_page_token})
        if found.next_page_token
        else "",
        first_href=_href(typed) if query.get("page_token") else "",
    )


def _href(query: dict[str, str]) -> str:
    return "/eldercare/assess?" + urlencode({key: one for key, one in query.items() if one})


def _due(one: pb.ElderToAssess) -> tuple[str, str]:
    """Text key and tone."""
    if one.draft:
        return "draft", "info"
    if not one.HasField("level_time"):
        return "never", "warn"
    return ("old", "warn") if is_over(one.level_due_time) else ("fresh", "ok")


@assessor_only
async def elder(request: Request) -> Response:
    return await _elder(request, Form({}, {}))


async def _elder(request: Request, typed: Form, refused: CallError | None = None) -> Response:
    token = request.query_params.get("page_token", "")
    asked = pb.ListAssessmentsRequest(parent=resident_of(request), page_size=PAGE, page_token=token)
    found = await call(request, assessing.ListAssessments, asked)
    done = [one for one in found.assessments if one.state == pb.ASSESSMENT_STATE_COMPLETED]
    drafts = [one for one in found.assessments if one.state == pb.ASSESSMENT_STATE_DRAFT]
    path = f"/eldercare/assess/{request.path_params['resident']}"
    return render(
        request,
        "eldercare/assess_elder.html",
        status(refused),
        name=found.display_name,
        path=path,
        assessments=[(here(one.name), one) for one in found.assessments],
        drafts=[here(one.name) for one in drafts],
        standing=done[0] if done and not token else None,
        reasons=REASONS,
        levels=LEVELS,
        typed=typed,
        me=person(request).name,
        problem=refused and refused.renamed("basics.", "answers.", names=_FIELDS),
        next_href=f"{path}?page_token={found.next_page_token}" if found.next_page_token else "",
        first_href=path if token else "",
    )


@assessor_only
async def begin(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.CreateAssessmentRequest(
        parent=resident_of(request),
        basics=_basics(form),
        replaces=form.text("replaces"),
        request_id=form.request_id,
    )
    made, refused = await attempt(call(request, assessing.CreateAssessment, asked))
    if made is None:
        return await _elder(request, form, refused)
    return see_other(request, here(made.name))


def _basics(form: Form) -> pb.AssessmentBasics:
    known = {str(value): value for value in REASONS}
    names = [name.strip() for name in form.all("assessor") if name.strip()]
    informant = pb.Informant(display_name=form.text("informant"), relation=form.text("relation"))
    return pb.AssessmentBasics(
        reason=known.get(form.text("reason"), pb.ASSESSMENT_REASON_UNSPECIFIED),
        place=form.text("place"),
        assessors=names,
        informant=informant,
    )


async def _both(request: Request) -> tuple[pb.Assessment, pb.AssessmentRules]:
    """The assessment, and the version of the rules that it holds to."""
    found = await call(
        request, assessing.GetAssessment, pb.GetAssessmentRequest(name=case(request))
    )
    return found, await _rules(request, found.rules)


async def _rules(request: Request, name: str) -> pb.AssessmentRules:
    asked = pb.GetAssessmentRulesRequest(name=name)
    return await call(request, assessing.GetAssessmentRules, asked)


def steps(found: pb.Assessment, rules: pb.AssessmentRules) -> list[dict[str, Any]]:
    """Each step's key, title, and how many of its questions are answered."""
    given = {one.item for one in found.answers}
    made: list[dict[str, Any]] = [
        {
            "key": domain.domain,
            "title": domain.title,
            "given": sum(item.item in given for item in domain.items),
            "all": len(domain.items),
            "left": [item.title for item in domain.items if item.item not in given],
        }
        for domain in rules.domains
    ]
    told = int(found.HasField("facts"))
    return [*made, {"key": FACTS, "title": "", "given": told, "all": 1, "left": []}]


@assessor_only
async def assessment(request: Request) -> Response:
    return await _review(request)


async def _review(request: Request, refused: CallError | None = None) -> Response:
    found, rules = await _both(request)
    return render(
        request,
        "eldercare/assess_review.html",
        status(refused),
        one=found,
        draft=found.state == pb.ASSESSMENT_STATE_DRAFT,
        rules=rules,
        steps=steps(found, rules),
        path=here(found.name),
        elder_path=f"/eldercare/assess/{request.path_params['resident']}",
        reasons=REASONS,
        levels=LEVELS,
        tail=tail,
        problem=refused,
    )


@assessor_only
async def step(request: Request) -> Response:
    found, rules = await _both(request)
    return _step(request, found, rules)


def _step(
    request: Request,
    found: pb.Assessment,
    rules: pb.AssessmentRules,
    typed: Form | None = None,
    refused: CallError | None = None,
) -> Response:
    key, all_ = request.path_params["step"], steps(found, rules)
    at = next((at for at, one in enumerate(all_) if one["key"] == key), None)
    if at is None:
        raise HTTPException(404)
    if found.state != pb.ASSESSMENT_STATE_DRAFT:
        return see_other(request, here(found.name))
    answers = {one.item: str(one.points) for one in found.answers}
    return render(
        request,
        "eldercare/assess_step.html",
        status(refused),
        one=found,
        rules=rules,
        domain=next((one for one in rules.domains if one.domain == key), None),
        steps=all_,
        at=at,
        path=here(found.name),
        answers=answers | (dict(typed.values) if typed else {}),
        facts=_known(found, rules),
        problem=refused and refused.renamed("basics.", "answers.", names=_FIELDS),
    )


def _known(found: pb.Assessment, rules: pb.AssessmentRules) -> dict[str, Any]:
    """What the form of diagnoses and events shows."""
    named = [term.key for term in rules.diagnoses]
    given = list(found.facts.diagnoses)
    return {
        "diagnoses": [code for code in given if code in named],
        "other": "、".join(code for code in given if code not in named),
        "counts": {one.kind: one.count for one in found.facts.risk_events},
    }


@assessor_only
async def save(request: Request) -> Response:
    form = await read_form(request)
    found, rules = await _both(request)
    key = request.path_params["step"]
    asked = pb.SaveAssessmentRequest(name=found.name, request_id=form.request_id)
    if key == FACTS:
        asked.facts.CopyFrom(_facts(form, rules))
    asked.answers.extend(_answers(form, rules, key))
    kept, refused = await attempt(call(request, assessing.SaveAssessment, asked))
    if kept is None:
        return _step(request, found, rules, form, refused)
    return see_other(request, _after(found.name, rules, key))


def _after(name: str, rules: pb.AssessmentRules, key: str) -> str:
    """The next step's page; after the last one the review."""
    keys = [*(domain.domain for domain in rules.domains), FACTS]
    later = keys[keys.index(key) + 1 :] if key in keys else []
    return f"{here(name)}/{later[0]}" if later else here(name)


def _answers(form: Form, rules: pb.AssessmentRules, key: str) -> list[pb.AssessmentAnswer]:
    items = [item for domain in rules.domains if domain.domain == key for item in domain.items]
    chosen = [(item.item, form.number(item.item, -1)) for item in items if form.text(item.item)]
    return [pb.AssessmentAnswer(item=item, points=points) for item, points in chosen]


def _facts(form: Form, rules: pb.AssessmentRules) -> pb.AssessmentFacts:
    other = [code.upper() for code in _SPACE.split(form.text("other")) if code]
    counts = [(term.key, form.number(f"count-{term.key}")) for term in rules.risk_kinds]
    return pb.AssessmentFacts(
        diagnoses=list(dict.fromkeys([*form.all("diagnosis"), *other])),
        risk_events=[pb.RiskCount(kind=kind, count=count) for kind, count in counts if count],
    )


@assessor_only
async def complete(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.CompleteAssessmentRequest(
        name=case(request), version=form.number("version"), request_id=form.request_id
    )
    done, refused = await attempt(call(request, assessing.CompleteAssessment, asked))
    if done is None:
        return await _review(request, refused)
    return see_other(request, f"{here(done.name)}?done=completed")


@assessor_only
async def discard(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.DeleteAssessmentRequest(name=case(request), request_id=form.request_id)
    _, refused = await attempt(call(request, assessing.DeleteAssessment, asked))
    if refused is not None:
        return await _review(request, refused)
    return see_other(request, "/eldercare/assess")
