"""Coming in, going out, acting for another, and how one likes to look at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from ulid import ULID
from xianban.identity.v1 import identity_pb2 as identity
from xianban.identity.v1.identity_pb2_grpc import IdentityServiceStub
from xianban_sdk.telemetry import log
from xianban_sdk.web import (
    CallError,
    LogInRequiredError,
    Person,
    Viewer,
    api,
    call,
    local_path,
    person,
    read_form,
    render,
    see_other,
    text,
    viewer_of,
)
from xianban_sdk.web.viewer import PREFERENCES_COOKIE, choose, remember

from xianban_portal.oidc import GrantEndedError, IdentityAwayError, LogInFailedError, Oidc, Tokens
from xianban_portal.sessions import LIFE_SECONDS, Session, Sessions
from xianban_portal.tokens import SessionTokens
from xianban_portal.visit import cookie_name

service = api(IdentityServiceStub)
ATTEMPT_COOKIE = "xianban_login_"
YEAR = 365 * 24 * 3600


async def log_in(request: Request) -> Response:
    """Sends the browser to identity, and remembers where it wanted to go."""
    oidc: Oidc = request.app.state.oidc
    target = local_path(request.query_params.get("next", "/"))
    acr = request.query_params.get("acr", "")
    if viewer_of(request).person and not acr:
        return RedirectResponse(target, status_code=303)
    level = acr if acr.isascii() and acr.isdigit() else ""
    # Asked first, so that our own page says who is away, not a bare one of the gateway.
    await oidc.ready()
    url, state, sealed = await oidc.begin(target, viewer_of(request).locale, level)
    answer = RedirectResponse(url, status_code=303)
    _cookie(request, answer, ATTEMPT_COOKIE + state[:12], sealed, 600)
    return answer


async def callback(request: Request) -> Response:
    """Comes back from identity with a code: a new session under a new cookie."""
    oidc: Oidc = request.app.state.oidc
    query = request.query_params
    state, code = query.get("state", ""), query.get("code", "")
    name = ATTEMPT_COOKIE + state[:12]
    try:
        if not code:
            raise LogInFailedError(query.get("error", "no code"))
        tokens, claims, target = await oidc.finish(request.cookies.get(name, ""), state, code)
    except (LogInFailedError, GrantEndedError) as error:
        log.warning("log_in_failed", reason=str(error))
        return render(request, "portal/log-in-failed.html", 400)
    answer = RedirectResponse(target, status_code=303)
    answer.delete_cookie(name, path="/")
    await _welcome(request, answer, tokens, claims)
    return answer


async def _welcome(
    request: Request, answer: Response, tokens: Tokens, claims: dict[str, Any]
) -> None:
    sessions: Sessions = request.app.state.sessions
    held: SessionTokens = request.app.state.tokens
    before: Session | None = request.state.session
    session = sessions.open(_session(tokens, claims, before))
    held.keep(session, tokens)
    if before is not None:
        sessions.close(before.cookie)
        held.forget(before)
    request.state.session = session
    known = await _introduce(request, session)
    if known is not None:
        name = known.display_name or session.name
        sessions.change(session.cookie, name=name, roles=_roles(known))
        _prefer(request, answer, known)
    _cookie(request, answer, cookie_name(_issuer(request)), session.cookie, LIFE_SECONDS)


def _session(tokens: Tokens, claims: dict[str, Any], before: Session | None) -> Session:
    who = str(claims["sub"])
    session = Session(
        cookie="",
        person=who,
        name=str(claims.get("name") or claims.get("preferred_username") or "—"),
        acr=str(claims.get("acr", "")),
        refresh_token=tokens.refresh,
        id_token=tokens.id_token,
    )
    if before is not None and before.person == who:  # A step-up does not end acting for another.
        kept = {"acting_for": before.acting_for, "acting_name": before.acting_name}
        return replace(session, **kept)
    return session


async def _introduce(request: Request, session: Session) -> identity.Person | None:
    """Name, roles and habits; a log-in also succeeds while identity's gRPC side is away."""
    asked = identity.GetPersonRequest(name=f"residents/{session.person}")
    try:
        return await call(request, service.GetPerson, asked, timeout=2.0)
    except (CallError, LogInRequiredError) as error:
        log.warning("person_unknown_at_log_in", error=str(error))
        return None


def _roles(known: identity.Person) -> tuple[str, ...]:
    return tuple(sorted({one.role for one in known.memberships if one.active}))


def _prefer(request: Request, answer: Response, known: identity.Person) -> None:
    """Identity remembers how a person likes pages; a choice made on this device goes before."""
    if PREFERENCES_COOKIE in request.cookies:
        return
    elder = known.profile == identity.PRESENTATION_PROFILE_ELDER
    viewer = choose(viewer_of(request), locale=known.locale, profile="elder" if elder else "")
    _cookie(request, answer, PREFERENCES_COOKIE, remember(viewer), YEAR)


async def log_out(request: Request) -> Response:
    """Ends the session here, its refresh token, and identity's own session."""
    oidc: Oidc = request.app.state.oidc
    session: Session | None = request.state.session
    target = "/"
    if session is not None:
        try:
            await oidc.revoke(session.refresh_token)
            target = await oidc.end_session_url(session.id_token) or "/"
        except (IdentityAwayError, GrantEndedError) as error:
            # Here the person is out all the same; identity's side ends by its own clock.
            log.warning("log_out_incomplete", error=str(error))
    answer = RedirectResponse(target, status_code=303)
    close_session(request, answer)
    return answer


def close_session(request: Request, answer: Response) -> None:
    """Forgets the session and takes its cookie back."""
    session: Session | None = request.state.session
    if session is not None:
        cast(Sessions, request.app.state.sessions).close(session.cookie)
        cast(SessionTokens, request.app.state.tokens).forget(session)
    _cookie(request, answer, cookie_name(_issuer(request)), "", 0)


async def prefer(request: Request) -> Response:
    """Language, profile and text size, remembered for a year."""
    query = request.query_params
    wanted = {name: query.get(name, "") for name in ("locale", "profile", "size")}
    viewer = choose(viewer_of(request), **wanted)
    answer = RedirectResponse(local_path(query.get("next", "/")), status_code=303)
    _cookie(request, answer, PREFERENCES_COOKIE, remember(viewer), YEAR)
    if viewer.person:
        await _tell_identity(request, viewer, viewer.person)
    return answer


async def _tell_identity(request: Request, viewer: Viewer, who: Person) -> None:
    elder = viewer.profile == "elder"
    kind = identity.PRESENTATION_PROFILE_ELDER if elder else identity.PRESENTATION_PROFILE_STANDARD
    change = identity.UpdatePreferencesRequest(
        name=f"residents/{who.id}", locale=viewer.locale, profile=kind, request_id=str(ULID())
    )
    try:
        await call(request, service.UpdatePreferences, change, timeout=1.0)
    except (CallError, LogInRequiredError) as error:
        # The cookie holds the choice on this device.
        log.warning("preference_not_stored", error=str(error))


async def acting_for(request: Request) -> Response:
    """Whom one may act for."""
    found = await _subjects(request)
    ended = request.query_params.get("ended") == "1"
    scopes = {one.subject: _scopes(request, one) for one in found}
    return render(request, "portal/acting-for.html", subjects=found, scopes=scopes, ended=ended)


def _scopes(request: Request, one: identity.ActingFor) -> str:
    names = ["all" if scope == "*" else scope for scope in one.scopes]
    comma = text(request, "portal", "list-comma")
    return comma.join(text(request, "portal", f"scope-{name}") for name in names)


async def _subjects(request: Request) -> list[identity.ActingFor]:
    asked = identity.ListActingForRequest(parent=f"residents/{person(request).id}")
    return list((await call(request, service.ListActingFor, asked)).subjects)


async def still_acting(request: Request) -> bool:
    """Whether identity still names the person acted for; True while nobody can tell."""
    acting = viewer_of(request).acting_for
    try:
        return acting is not None and acting.id in {one.subject for one in await _subjects(request)}
    except CallError as error:
        log.warning("acting_for_unknown", error=str(error))
        return True


async def act_for(request: Request) -> Response:
    """Starts acting for somebody whom identity names as allowed right now."""
    form = await read_form(request)
    wanted = form.text("subject")
    chosen = next((one for one in await _subjects(request) if one.subject == wanted), None)
    if chosen is None:
        return see_other(request, "/acting-for?ended=1")
    session: Session = request.state.session
    sessions: Sessions = request.app.state.sessions
    sessions.change(session.cookie, acting_for=chosen.subject, acting_name=chosen.subject_display)
    return see_other(request, local_path(form.text("next") or "/"))


async def act_for_oneself(request: Request) -> Response:
    referer = urlsplit(request.headers.get("referer", "/")).path
    return end_acting(request, local_path(referer))


def end_acting(request: Request, target: str) -> Response:
    """Back to one's own matters."""
    session: Session | None = request.state.session
    if session is not None:
        sessions: Sessions = request.app.state.sessions
        sessions.change(session.cookie, acting_for="", acting_name="")
    return see_other(request, target)


def _issuer(request: Request) -> str:
    return str(request.app.state.settings.issuer)


def _cookie(request: Request, answer: Response, name: str, value: str, age: int) -> None:
    secure = _issuer(request).startswith("https://")
    answer.set_cookie(name, value, age, path="/", secure=secure, httponly=True, samesite="lax")
