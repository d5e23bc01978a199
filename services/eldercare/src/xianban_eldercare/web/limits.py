"""A person's own limits of each quantity."""

from __future__ import annotations

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import alerts_pb2
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    Pages,
    attempt,
    call,
    read_form,
    render,
    see_other,
    status,
    text,
    viewer_of,
)

from xianban_eldercare.web.clients import monitoring
from xianban_eldercare.web.file import here_of
from xianban_eldercare.web.shown import SEVERITIES, number, tail
from xianban_eldercare.web.whose import Whose

# What a person may set; the others belong to the device.
OWN = (
    "heart-rate",
    "oxygen-saturation",
    "respiratory-rate",
    "body-temperature",
    "systolic-pressure",
    "diastolic-pressure",
)
MINUTE = 60
_FIELDS = {"threshold.sustain_seconds": "sustain_minutes"}


async def limits(request: Request) -> Response:
    return await _page(request, here_of(request))


async def _page(
    request: Request,
    here: Whose,
    form: Form | None = None,
    refused: CallError | None = None,
) -> Response:
    asked = pb.ListThresholdsRequest(parent=here.resident)
    found = await call(request, monitoring.ListThresholds, asked)
    return render(
        request,
        "eldercare/limits.html",
        status(refused),
        here=here,
        limits=[(kind_of(one), one) for one in found.thresholds],
        own=OWN,
        names={kind_of(one): kind_name(request, kind_of(one)) for one in found.thresholds},
        severities=SEVERITIES,
        number=number,
        typed=form or Form({}, {}),
        refused_kind=request.path_params.get("kind", "") if refused else "",
        problem=refused,
    )


def kind_of(threshold: pb.Threshold) -> str:
    return tail(threshold.name)


def kind_name(request: Request, kind: str) -> str:
    """In words; a kind of a later version stands as it is written."""
    pages: Pages = request.app.state.pages
    known = pages.has_text("eldercare", viewer_of(request).locale, f"kind-{kind}")
    return text(request, "eldercare", f"kind-{kind}") if known else kind


async def save(request: Request) -> Response:
    here, form = here_of(request), await read_form(request)
    try:
        wanted = _threshold(request, here, form)
    except CallError as wrong:
        return await _page(request, here, form, wrong)
    asked = pb.UpdateThresholdRequest(threshold=wanted, request_id=form.request_id)
    _, refused = await attempt(call(request, monitoring.UpdateThreshold, asked))
    if refused is not None:
        return await _page(request, here, form, refused.renamed("threshold.", names=_FIELDS))
    return see_other(request, f"{here.path}/limits?done=saved")


def _threshold(request: Request, here: Whose, form: Form) -> pb.Threshold:
    known = {str(value): value for value in SEVERITIES}
    made = pb.Threshold(
        name=f"{here.resident}/thresholds/{request.path_params['kind']}",
        sustain_seconds=form.number("sustain_minutes") * MINUTE,
        severity=known.get(form.text("severity"), alerts_pb2.ALERT_SEVERITY_UNSPECIFIED),
    )
    for side in ("low", "high"):
        if typed := form.text(side):
            setattr(made, side, _number(request, side, typed))
    return made


def _number(request: Request, side: str, typed: str) -> float:
    try:
        value = float(typed)
    except ValueError:
        value = float("nan")
    if value - value != 0:  # Neither "abc" nor "nan" nor "inf".
        words = text(request, "eldercare", "limit-not-a-number", typed=typed[:20])
        code = grpc.StatusCode.INVALID_ARGUMENT
        raise CallError(code, "NUMBER_EXPECTED", words, "eldercare", {side: words})
    return value
