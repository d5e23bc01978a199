"""What people see of an elder, written down; and the scale that a clinician chose."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import observations_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    if_there,
    person,
    read_form,
    render,
    see_other,
    status,
)

from xianban_eldercare.web.clients import observing
from xianban_eldercare.web.file import MANAGER
from xianban_eldercare.web.home import state_of
from xianban_eldercare.web.route import ROLE as CARER
from xianban_eldercare.web.shown import measure
from xianban_eldercare.web.whose import Whose, whose

__all__ = ["CLINICIANS", "observations", "observe", "save_scale"]

CLINICIANS = ("doctor", "nurse")
_SEEN = {
    "consciousness": pb.OBSERVABLE_LESS_THAN_ALERT,
    "supplemental-oxygen": pb.OBSERVABLE_SUPPLEMENTAL_OXYGEN,
}


def here_of(request: Request) -> Whose:
    return whose(request, "observations", MANAGER, CARER, *CLINICIANS)


async def observations(request: Request) -> Response:
    return await _page(request, here_of(request))


async def _page(
    request: Request, here: Whose, form: Form | None = None, refused: CallError | None = None
) -> Response:
    state, away = await state_of(request, here.resident)
    asked = pb.GetOxygenScaleRequest(name=f"{here.resident}/oxygenScale")
    # A carer by role sees the scale in how the elder is.
    scale, _ = await if_there(call(request, observing.GetOxygenScale, asked))
    vitals = [measure(one) for one in state.vitals] if state else []
    return render(
        request,
        "eldercare/observations.html",
        status(refused),
        here=here,
        kinds=list(_SEEN),
        seen=[one for one in vitals if one.kind in _SEEN],
        state=state,
        away=away,
        scale=scale,
        clinician=here.staff and not person(request).roles.isdisjoint(CLINICIANS),
        typed=form or Form({}, {}),
        problem=refused,
    )


async def observe(request: Request) -> Response:
    """One of them, with one press: it is so, or it is not."""
    here, form = here_of(request), await read_form(request)
    asked = pb.RecordObservationRequest(
        parent=here.resident,
        observable=_SEEN.get(form.text("kind"), pb.OBSERVABLE_UNSPECIFIED),
        present=form.flag("present"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, observing.RecordObservation, asked))
    return await _page(request, here, form, refused) if refused else _saved(request, here)


async def save_scale(request: Request) -> Response:
    here, form = here_of(request), await read_form(request)
    wanted = pb.OxygenScale(
        name=f"{here.resident}/oxygenScale",
        scale=form.number("scale"),
        reason=form.text("reason"),
    )
    asked = pb.UpdateOxygenScaleRequest(oxygen_scale=wanted, request_id=form.request_id)
    _, refused = await attempt(call(request, observing.UpdateOxygenScale, asked))
    if refused is not None:
        return await _page(request, here, form, refused.renamed("oxygen_scale."))
    return _saved(request, here)


def _saved(request: Request, here: Whose) -> Response:
    return see_other(request, f"{here.path}?done=saved")
