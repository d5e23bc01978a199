"""Care organisations for everybody; their staff and beds for who manages them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import organisations_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    read_form,
    render,
    roles_only,
    see_other,
    status,
    viewer_of,
    whole,
)

from xianban_eldercare.web.choosing import elders_to_choose
from xianban_eldercare.web.clients import organising
from xianban_eldercare.web.file import AREAS, MANAGER

PAGE = 20
MOST = 200
KINDS = {
    pb.ORGANISATION_KIND_HOME_CARE: "home-care",
    pb.ORGANISATION_KIND_DAY_CARE: "day-care",
    pb.ORGANISATION_KIND_INSTITUTION: "institution",
    pb.ORGANISATION_KIND_COMMUNITY_HOME: "community-home",
    pb.ORGANISATION_KIND_MEDICAL: "medical",
}
LICENCES = {
    pb.LICENCE_KIND_HEALTH: "health",
    pb.LICENCE_KIND_CARE_WORKER: "care-worker",
    pb.LICENCE_KIND_NURSE: "nurse",
    pb.LICENCE_KIND_THERAPIST: "therapist",
}
BED_KINDS = {pb.BED_KIND_ORDINARY: "ordinary", pb.BED_KIND_NURSING: "nursing"}
BED_STATES = {
    pb.BED_STATE_FREE: ("free", "ok"),
    pb.BED_STATE_HELD: ("held", "warn"),
    pb.BED_STATE_OCCUPIED: ("occupied", "info"),
    pb.BED_STATE_CLOSED: ("closed", "plain"),
}
HOLD_HOURS = (24, 48, 72)

# A page for station managers; the service checks again.
managers_only = roles_only(MANAGER)


async def organisations(request: Request) -> Response:
    """For anybody, logged in or not."""
    query = request.query_params
    area = query.get("area", "") if query.get("area", "") in AREAS else ""
    known = {str(value): value for value in KINDS}
    kind = query.get("kind", "")
    asked = pb.ListOrganisationsRequest(
        area=area,
        kind=known.get(kind, pb.ORGANISATION_KIND_UNSPECIFIED),
        page_size=PAGE,
        page_token=query.get("page_token", ""),
    )
    found = await call(request, organising.ListOrganisations, asked)
    whose = viewer_of(request).person
    kept = {"area": area, "kind": kind}
    return render(
        request,
        "eldercare/organisations.html",
        organisations=found.organisations,
        typed=kept,
        kinds=KINDS,
        areas=AREAS,
        manager=whose is not None and MANAGER in whose.roles,
        carer=whose is not None and "carer" in whose.roles,
        statements=whose is not None and "civil-affairs" in whose.roles,
        **pager(request, "/eldercare/organisations", found.next_page_token, **kept),
    )


def pager(request: Request, path: str, token: str, **kept: str) -> dict[str, Any]:
    """A list's next page and its beginning, as templates call them; "" where there is none."""
    elsewhere = request.query_params.get("page_token")
    return {
        "next_href": _href(path, kept | {"page_token": token}) if token else "",
        "first_href": _href(path, kept) if elsewhere else "",
    }


def _href(path: str, query: dict[str, str]) -> str:
    asked = urlencode({key: one for key, one in query.items() if one})
    return f"{path}?{asked}" if asked else path


async def organisation_of(request: Request) -> pb.Organisation:
    """The one that the path names."""
    name = f"organisations/{request.path_params['organisation']}"
    return await call(request, organising.GetOrganisation, pb.GetOrganisationRequest(name=name))


async def carers_of(request: Request, organisation: str) -> list[tuple[str, str]]:
    """Whom the organisation may send, to choose from."""
    asked = pb.ListStaffRequest(parent=organisation, page_size=MOST)
    staff = await whole(request, organising.ListStaff, asked)
    return [(one.name.rpartition("/")[2], one.display_name) for one in staff if one.active]


# -- staff ----------------------------------------------------------------------------------


@managers_only
async def staff(request: Request) -> Response:
    here = await organisation_of(request)
    expiring = request.query_params.get("expiring") == "1"
    kept = {"expiring": "1" if expiring else ""}
    asked = pb.ListStaffRequest(
        parent=here.name,
        expiring=expiring,
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, organising.ListStaff, asked)
    return render(
        request,
        "eldercare/staff.html",
        here=here,
        staff=found.staff,
        expiring=expiring,
        licences=LICENCES,
        **pager(request, f"/eldercare/{here.name}/staff", found.next_page_token, **kept),
    )


@managers_only
async def staff_edit(request: Request) -> Response:
    here = await organisation_of(request)
    who = request.path_params.get("person")
    if not who:
        return _staff_form(request, here, pb.Staff(active=True))
    asked = pb.GetStaffRequest(name=f"{here.name}/staff/{who}")
    return _staff_form(request, here, await call(request, organising.GetStaff, asked))


def _staff_form(
    request: Request, here: pb.Organisation, one: pb.Staff, problem: CallError | None = None
) -> Response:
    held = {licence.kind: licence for licence in one.licences}
    return render(
        request,
        "eldercare/staff_edit.html",
        status(problem),
        here=here,
        one=one,
        new=not request.path_params.get("person"),
        held=[(kind, key, held.get(kind)) for kind, key in LICENCES.items()],
        problem=problem and problem.renamed("staff.", names={"staff.name": "person"}),
    )


@managers_only
async def staff_save(request: Request) -> Response:
    here, form = await organisation_of(request), await read_form(request)
    who = request.path_params.get("person") or form.text("person").upper()
    one = pb.Staff(
        name=f"{here.name}/staff/{who}",
        display_name=form.text("display_name"),
        qualification=form.text("qualification"),
        employ_date=form.text("employ_date"),
        leave_date=form.text("leave_date"),
        active=form.flag("active"),
        version=form.number("version"),
        licences=_licences(form),
    )
    asked = pb.UpdateStaffRequest(staff=one, request_id=form.request_id)
    _, refused = await attempt(call(request, organising.UpdateStaff, asked))
    if refused is not None:
        return _staff_form(request, here, one, refused)
    return see_other(request, f"/eldercare/{here.name}/staff?done=saved")


def _licences(form: Form) -> list[pb.Licence]:
    made = [
        pb.Licence(
            kind=kind,
            number=form.text(f"number-{kind}"),
            issue_date=form.text(f"issue-{kind}"),
            expire_date=form.text(f"expire-{kind}"),
        )
        for kind in LICENCES
    ]
    return [one for one in made if one.number or one.issue_date or one.expire_date]


# -- beds -----------------------------------------------------------------------------------


@managers_only
async def beds(request: Request) -> Response:
    return await _beds(request)


async def _beds(request: Request, problem: CallError | None = None) -> Response:
    here = await organisation_of(request)
    path, token = f"/eldercare/{here.name}/beds", request.query_params.get("page_token", "")
    asked = pb.ListBedsRequest(parent=here.name, page_size=PAGE, page_token=token)
    found, elders = await asyncio.gather(
        call(request, organising.ListBeds, asked), elders_to_choose(request)
    )
    return render(
        request,
        "eldercare/beds.html",
        status(problem),
        here=here,
        beds=found.beds,
        kinds=BED_KINDS,
        states=BED_STATES,
        elders=elders,
        **pager(request, path, found.next_page_token, elder=elders.searched),
        hold_hours=HOLD_HOURS,
        problem=problem,
    )


@managers_only
async def bed_act(request: Request) -> Response:
    """Hold, release, occupy, vacate, close or open."""
    deed, form = request.path_params["deed"], await read_form(request)
    if deed not in DEEDS:
        raise HTTPException(404)
    here = f"organisations/{request.path_params['organisation']}"
    name = f"{here}/beds/{request.path_params['bed']}"
    _, refused = await attempt(DEEDS[deed](request, name, form))
    if refused is not None:
        return await _beds(request, refused)
    return see_other(request, f"/eldercare/{here}/beds?done={deed}")


def _hold(request: Request, name: str, form: Form) -> Awaitable[pb.Bed]:
    asked = pb.HoldBedRequest(
        name=name,
        resident=form.text("resident"),
        hours=form.number("hours", HOLD_HOURS[0]),
        request_id=form.request_id,
    )
    return call(request, organising.HoldBed, asked)


def _release(request: Request, name: str, form: Form) -> Awaitable[pb.Bed]:
    asked = pb.ReleaseBedRequest(name=name, request_id=form.request_id)
    return call(request, organising.ReleaseBed, asked)


def _occupy(request: Request, name: str, form: Form) -> Awaitable[pb.Bed]:
    asked = pb.OccupyBedRequest(
        name=name, resident=form.text("resident"), request_id=form.request_id
    )
    return call(request, organising.OccupyBed, asked)


def _vacate(request: Request, name: str, form: Form) -> Awaitable[pb.Bed]:
    asked = pb.VacateBedRequest(name=name, request_id=form.request_id)
    return call(request, organising.VacateBed, asked)


def _close(request: Request, name: str, form: Form) -> Awaitable[pb.Bed]:
    asked = pb.CloseBedRequest(name=name, request_id=form.request_id)
    return call(request, organising.CloseBed, asked)


def _open(request: Request, name: str, form: Form) -> Awaitable[pb.Bed]:
    asked = pb.CloseBedRequest(name=name, open=True, request_id=form.request_id)
    return call(request, organising.CloseBed, asked)


DEEDS: dict[str, Callable[[Request, str, Form], Awaitable[pb.Bed]]] = {
    "hold": _hold,
    "release": _release,
    "occupy": _occupy,
    "vacate": _vacate,
    "close": _close,
    "open": _open,
}
