"""A proven phone becomes a session."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from flask import request
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.sessions import Session
from xianban_identity.handlers.people import person_of_phone
from xianban_identity.handlers.sessions import end_session
from xianban_identity.oidc.provider import Provider
from xianban_identity.oidc.tokens import Grantee
from xianban_identity.repository import people, sessions, signins
from xianban_identity.repository.credentials import digest
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.flow import Flow

__all__ = ["address", "device", "log_in", "log_in_person", "new_session", "strengthen"]


def log_in(
    provider: Provider, uow: UnitOfWork, browser: Browser, flow: Flow, locale: str
) -> tuple[Grantee, str]:
    """Who proved to hold the flow's phone is logged in; (who and where, the cookie's secret)."""
    person = person_of_phone(flow.phone, locale, uow=uow)
    if flow.upstream_subject:
        signins.link(uow.conn, flow.upstream, flow.upstream_subject, person.id, uow.clock.now())
    return log_in_person(provider, uow, browser, flow, person.id, ("sms", "otp"))


def log_in_person(
    provider: Provider,
    uow: UnitOfWork,
    browser: Browser,
    flow: Flow,
    person_id: str,
    amr: tuple[str, ...],
    *,
    strong: bool = False,
) -> tuple[Grantee, str]:
    """A new session; what stood in this browser before is over. `strong`: two factors in one."""
    before = browser.session(uow)
    if before is not None:
        end_session(before, "logged_out", uow=uow)
    person = people.find(uow.conn, person_id)
    if person is None:
        raise LookupError(f"no person {person_id}")
    session = new_session(provider, uow, person_id, flow.client, device(), amr)
    session = replace(session, strong_at=session.auth_time if strong else None)
    secret = secrets.token_urlsafe(32)
    sessions.add(uow.conn, session, digest(secret))
    return Grantee(person, session), secret


def new_session(
    provider: Provider,
    uow: UnitOfWork,
    person: str,
    client: str,
    device_name: str,
    amr: tuple[str, ...],
) -> Session:
    """A log-in that begins now."""
    now = uow.clock.now()
    return Session(
        id=uow.ids.new(),
        person=person,
        client=client,
        device=device_name,
        created_at=now,
        last_used_at=now,
        expires_at=now + provider.identity.session,
        auth_time=now,
        amr=amr,
    )


def strengthen(uow: UnitOfWork, session: Session, *amr: str) -> None:
    """A second factor or a passkey was shown just now."""
    methods = tuple(dict.fromkeys((*session.amr, *amr)))
    sessions.save(uow.conn, replace(session, strong_at=uow.clock.now(), amr=methods))


def address() -> str:
    """Where the browser is, as Envoy saw it; "" when nobody says."""
    forwarded = (
        request.headers.get("X-Envoy-External-Address")
        or request.headers.get("X-Forwarded-For", "").rpartition(",")[2]
    )
    return (forwarded.strip() or request.remote_addr or "")[:64]


_BROWSERS = (("Edg/", "Edge"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"))
_MORE_BROWSERS = (("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device() -> str:
    """The device as its person would know it, e.g. "Chrome · Android"."""
    agent = request.headers.get("User-Agent", "")[:400]
    found = [
        next((name for mark, name in table if mark in agent), "")
        for table in ((*_BROWSERS, *_MORE_BROWSERS), _SYSTEMS)
    ]
    named = " · ".join(part for part in found if part)
    # A program says its own name first.
    return named or re.sub(r"[^\w .-]", "", agent.partition("/")[0])[:40]
