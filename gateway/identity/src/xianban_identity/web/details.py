"""Who the suite thinks I am, how it speaks to me, and where I am logged in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.identity.v1 import identity_pb2 as pb
from xianban_sdk.web import call, read_form, render, see_other

from xianban_identity.web.identity import identity, me

__all__ = ["details", "ended", "methods", "sessions"]

_PROFILES = {
    "standard": pb.PRESENTATION_PROFILE_STANDARD,
    "elder": pb.PRESENTATION_PROFILE_ELDER,
}


async def details(request: Request) -> Response:
    """My details, and the two things I may change here."""
    if request.method == "POST":
        return await _changed(request)
    found = await call(request, identity.GetPerson, pb.GetPersonRequest(name=me(request)))
    return render(request, "identity/details.html", one=found)


async def _changed(request: Request) -> Response:
    form = await read_form(request)
    change = pb.UpdatePreferencesRequest(
        name=me(request),
        locale=form.text("locale"),
        profile=_PROFILES.get(form.text("profile"), pb.PRESENTATION_PROFILE_UNSPECIFIED),
        request_id=form.request_id,
    )
    await call(request, identity.UpdatePreferences, change)
    # The portal keeps the choice for this browser too.
    return see_other(
        request,
        f"/preferences?locale={form.text('locale')}&profile={form.text('profile')}&next=/me/details",
    )


async def sessions(request: Request) -> Response:
    """Where I am logged in."""
    found = await call(request, identity.ListSessions, pb.ListSessionsRequest(parent=me(request)))
    return render(request, "identity/sessions.html", sessions=found.sessions)


async def ended(request: Request) -> Response:
    """One log-in less."""
    form = await read_form(request)
    name = f"{me(request)}/sessions/{request.path_params['session']}"
    asked = pb.EndSessionRequest(name=name, request_id=form.request_id)
    await call(request, identity.EndSession, asked)
    return see_other(request, "/me/sessions")


async def methods(request: Request) -> Response:
    """The ways to log in are identity's own pages: keys and set-ups never pass the portal."""
    me(request)  # who is not logged in is asked to
    return see_other(request, "/signin/methods")
