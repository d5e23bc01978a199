"""Tokens for the demo people, over identity's own socket; Envoy has no route to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound
from xianban_sdk import demo
from xianban_sdk.errors import NotFound as NoSuchThing
from xianban_sdk.errors import Unavailable
from xianban_sdk.identity.workload import identity_client
from xianban_sdk.rpc import Scope
from xianban_sdk.settings import Settings
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.sessions import Session
from xianban_identity.oidc.issue import access_token, grantee_of
from xianban_identity.oidc.provider import Provider
from xianban_identity.repository import sessions
from xianban_identity.signin.logins import new_session

__all__ = ["demo_endpoints", "issue_token"]

_PATH = "/internal/demo-token"
_CLIENT = "xianban-token"


def issue_token(settings: Settings, alias: str, audience: str, *, strong: bool = False) -> str:
    """An access token of a demo person, from the running suite.

    `strong` gives the log-in a second factor (acr urn:xianban:acr:2).
    """
    form = {"alias": alias, "audience": audience, "strong": "1" if strong else ""}
    try:
        with identity_client(settings, 5.0) as client:
            answer = client.post(_PATH, data=form)
    except httpx.TransportError as error:
        raise Unavailable("IDENTITY_UNAVAILABLE") from error
    if answer.status_code != 200:
        raise NoSuchThing("DEMO_TOKEN_REFUSED", alias=alias, audience=audience)
    return str(answer.json()["access_token"])


def demo_endpoints(provider: Provider) -> Blueprint:
    """Registered in demo districts only."""
    blueprint = Blueprint("demo", __name__)

    def token() -> Response:
        if not provider.settings.demo:
            raise NotFound
        audience = provider.clients.audience(request.form.get("audience", ""))
        person = demo.PEOPLE.get(request.form.get("alias", ""))
        if audience is None or person is None:
            raise BadRequest
        with provider.work(person.id) as uow:
            session = _session(provider, uow, person.id, bool(request.form.get("strong")))
            return jsonify(_answer(provider, uow, session, audience))

    blueprint.add_url_rule(_PATH, "token", token, methods=["POST"])
    return blueprint


def _session(provider: Provider, uow: UnitOfWork, person: str, strong: bool) -> Session:
    """One session per person for all such tokens, renewed in its last hour."""
    now = uow.clock.now()
    standing = [
        found
        for found in sessions.of(uow.conn, Scope(person, person), now)
        if found.client == _CLIENT and found.expires_at > now + timedelta(hours=1)
    ]
    made = standing[0] if standing else _new(provider, uow, person)
    renewed = replace(made, last_used_at=now, auth_time=now, strong_at=now if strong else None)
    sessions.save(uow.conn, renewed)
    return renewed


def _new(provider: Provider, uow: UnitOfWork, person: str) -> Session:
    made = new_session(provider, uow, person, _CLIENT, "xianban token", ("otp",))
    sessions.add(uow.conn, made, "")
    return made


def _answer(provider: Provider, uow: UnitOfWork, session: Session, audience: str) -> dict[str, Any]:
    grantee = grantee_of(uow, session.id)
    if grantee is None:
        raise NotFound
    token = access_token(provider, uow, grantee, _CLIENT, audience, "openid profile")
    return {"access_token": token, "token_type": "Bearer", "expires_in": 300}
