"""Results: "我的评估" for the elder's side, levels and what they give for the station."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import assessments_pb2, eligibility_pb2
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    if_there,
    read_form,
    render,
    see_other,
    status,
    subject,
)

from xianban_eldercare.web.assess import REASONS
from xianban_eldercare.web.clients import assessing, eligibility
from xianban_eldercare.web.days import months_between
from xianban_eldercare.web.file import LEVELS, MANAGER
from xianban_eldercare.web.home import reached
from xianban_eldercare.web.shown import is_over, tail
from xianban_eldercare.web.whose import Whose, whose

PAGE = 20
# 统一需求评估 has levels 0 to 6.
OFFICIAL = range(7)
OWN = "/eldercare/assessments"


def _here(request: Request) -> Whose:
    """Results of others are the station manager's."""
    return whose(request, "assessments", MANAGER)


async def assessments(request: Request) -> Response:
    return await _page(request, _here(request), Form({}, {}))


async def _page(
    request: Request, here: Whose, typed: Form, refused: CallError | None = None
) -> Response:
    token = request.query_params.get("page_token", "")
    (found, missing), (gives, away) = await asyncio.gather(
        _listed(request, here, token), _gives(request, here)
    )
    if missing is not None and missing.code.name != "NOT_FOUND":
        raise missing
    listed = list(found.assessments) if found else []
    standing = next((one for one in listed if not one.replaced_by), None)
    return render(
        request,
        "eldercare/assessments.html",
        status(refused),
        here=here,
        name=found.display_name if found else "",
        assessments=[(tail(one.name), one) for one in listed],
        whole=await _whole(request, standing) if here.own and standing and not token else None,
        old=_months(standing) if standing and not token else 0,
        gives=gives,
        away=away,
        official=_official(gives),
        levels=LEVELS,
        reasons=REASONS,
        official_levels=OFFICIAL,
        typed=typed,
        problem=refused and refused.renamed("official_level."),
        next_href=f"{here.path}?page_token={found.next_page_token}"
        if found and found.next_page_token
        else "",
        first_href=here.path if token else "",
    )


async def _listed(
    request: Request, here: Whose, token: str
) -> tuple[assessments_pb2.ListAssessmentsResponse | None, CallError | None]:
    asked = assessments_pb2.ListAssessmentsRequest(
        parent=here.resident, page_size=PAGE, page_token=token
    )
    return reached(await if_there(call(request, assessing.ListAssessments, asked)))


async def _gives(
    request: Request, here: Whose
) -> tuple[eligibility_pb2.Eligibility | None, CallError | None]:
    asked = eligibility_pb2.GetEligibilityRequest(name=f"{here.resident}/eligibility")
    return reached(await if_there(call(request, eligibility.GetEligibility, asked)))


async def _whole(request: Request, one: assessments_pb2.Assessment) -> assessments_pb2.Assessment:
    asked = assessments_pb2.GetAssessmentRequest(name=one.name)
    return await call(request, assessing.GetAssessment, asked)


def _months(one: assessments_pb2.Assessment) -> int:
    """After how many months the level became old; 0: it has not."""
    return months_between(one.complete_time, one.due_time) if is_over(one.due_time) else 0


def _official(gives: eligibility_pb2.Eligibility | None) -> eligibility_pb2.OfficialLevel | None:
    return gives.official_level if gives and gives.HasField("official_level") else None


async def assessment(request: Request) -> Response:
    asked = assessments_pb2.GetAssessmentRequest(
        name=f"{subject(request)}/assessments/{request.path_params['assessment']}"
    )
    found = await call(request, assessing.GetAssessment, asked)
    return render(
        request,
        "eldercare/assessment.html",
        one=found,
        old=_months(found),
        reasons=REASONS,
        levels=LEVELS,
        tail=tail,
    )


async def enter(request: Request) -> Response:
    here, form = _here(request), await read_form(request)
    official = eligibility_pb2.OfficialLevel(
        name=f"{here.resident}/officialLevel",
        level=form.number("level", -1),
        **_typed(form, "valid_from", "valid_until", "decided_by", "reference"),
    )
    asked = eligibility_pb2.UpdateOfficialLevelRequest(
        official_level=official, request_id=form.request_id
    )
    _, refused = await attempt(call(request, eligibility.UpdateOfficialLevel, asked))
    if refused is not None:
        return await _page(request, here, form, refused)
    return see_other(request, f"{here.path}?done=entered")


def _typed(form: Form, *names: str) -> dict[str, Any]:
    return {name: form.text(name) for name in names}
