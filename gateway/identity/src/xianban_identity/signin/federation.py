"""Log-in by an outside OpenID provider. Its tokens end here: ours is the only issuer inside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from flask import Blueprint, redirect, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from werkzeug.wrappers import Response
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.telemetry import log
from xianban_sdk.trust import authorities

from xianban_identity.oidc.provider import Provider
from xianban_identity.repository import signins
from xianban_identity.settings import Upstream
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.flow import Flow, Flows
from xianban_identity.signin.logins import log_in_person
from xianban_identity.signin.pages import SigninPages

__all__ = ["federation_views"]

_ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"]
_SKEW = 30


class UpstreamRefused(Exception):
    """The outside provider said no, or something that can't be believed."""


def federation_views(provider: Provider, flows: Flows, pages: SigninPages) -> Blueprint:
    """/signin/federated/<id> and its callback."""
    views = _Views(provider, flows, pages)
    blueprint = Blueprint("federation", __name__)
    blueprint.add_url_rule("/signin/federated/<upstream_id>", "leave", views.leave)
    blueprint.add_url_rule("/signin/federated/<upstream_id>/callback", "back", views.back)
    return blueprint


class _Views:
    def __init__(self, provider: Provider, flows: Flows, pages: SigninPages) -> None:
        self._provider = provider
        self._flows = flows
        self._pages = pages

    def leave(self, upstream_id: str) -> Response:
        """Off to the outside provider, with state, nonce and PKCE."""
        upstream = self._upstream(upstream_id)
        browser = Browser.of_request(self._provider)
        with self._provider.work() as uow:
            flow = self._flows.find(uow, browser, request.args.get("flow", ""))
        if flow is None or upstream is None:
            return self._pages.problem("signin-flow-over", 400)
        try:
            target = discovery(upstream.issuer)["authorization_endpoint"]
        except (httpx.HTTPError, KeyError, UpstreamRefused) as error:
            log.warning("upstream_unreachable", upstream=upstream.id, error=repr(error))
            return self._pages.problem("upstream-unreachable", 503)
        return self._depart(upstream, flow, target)

    def _depart(self, upstream: Upstream, flow: Flow, target: str) -> Response:
        leaving = replace(
            flow,
            upstream=upstream.id,
            # The flow's id leads back here; the rest proves that it was we who asked.
            upstream_state=f"{flow.id}.{secrets.token_urlsafe(16)}",
            upstream_nonce=secrets.token_urlsafe(16),
            upstream_verifier=secrets.token_urlsafe(48),
        )
        with self._provider.work() as uow:
            self._flows.save(uow, leaving)
        query = {
            "response_type": "code",
            "client_id": upstream.client_id,
            "redirect_uri": self._callback(upstream),
            "scope": "openid",
            "state": leaving.upstream_state,
            "nonce": leaving.upstream_nonce,
            "code_challenge": _challenge(leaving.upstream_verifier),
            "code_challenge_method": "S256",
        }
        return redirect(f"{target}?{urlencode(query)}", 303)

    def back(self, upstream_id: str) -> Response:
        """Back with a code: known subjects are logged in, new ones prove a phone first."""
        upstream = self._upstream(upstream_id)
        browser = Browser.of_request(self._provider)
        state = request.args.get("state", "")
        with self._provider.work() as uow:
            flow = self._flows.find(uow, browser, state.partition(".")[0])
        if flow is None or upstream is None or not _same(flow, upstream, state):
            return self._pages.problem("signin-flow-over", 400)
        try:
            subject = self._subject(upstream, flow)
        except (httpx.HTTPError, KeyError, ValueError, JoseError, UpstreamRefused) as error:
            log.warning("upstream_refused", upstream=upstream.id, error=repr(error))
            return self._pages.problem("upstream-refused", 400)
        return self._arrived(browser, replace(flow, upstream_state=""), subject)

    def _arrived(self, browser: Browser, flow: Flow, subject: str) -> Response:
        with self._provider.work() as uow:
            person = signins.linked_person(uow.conn, flow.upstream, subject)
            if person is None:
                unlinked = replace(flow, step="phone", upstream_subject=subject)
                return redirect(self._flows.path(self._flows.save(uow, unlinked)), 303)
            return self._known(uow, browser, flow, person)

    def _known(self, uow: UnitOfWork, browser: Browser, flow: Flow, person: str) -> Response:
        _, secret = log_in_person(self._provider, uow, browser, flow, person, ("fed",))
        done = self._flows.save(uow, replace(flow, logged_in=True, finished=True))
        # /authorize looks again: what is still missing (factor, consent) begins a new flow there.
        answer = redirect(self._flows.path(done), 303)
        browser.log_in(answer, secret)
        return answer

    def _subject(self, upstream: Upstream, flow: Flow) -> str:
        if request.args.get("error") or not request.args.get("code"):
            raise UpstreamRefused(request.args.get("error", "no code"))
        if request.args.get("iss", upstream.issuer) != upstream.issuer:
            raise UpstreamRefused("the answer names another issuer")
        metadata = discovery(upstream.issuer)
        answer = httpx.post(
            metadata["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": request.args["code"],
                "redirect_uri": self._callback(upstream),
                "code_verifier": flow.upstream_verifier,
                "client_id": upstream.client_id,
            },
            auth=(upstream.client_id, upstream.client_secret) if upstream.client_secret else None,
            timeout=5,
            verify=authorities(),
        ).raise_for_status()
        token = str(answer.json()["id_token"])
        return verified_subject(
            upstream, metadata, token, flow.upstream_nonce, self._provider.now()
        )

    def _callback(self, upstream: Upstream) -> str:
        return f"{self._provider.issuer}/signin/federated/{upstream.id}/callback"

    def _upstream(self, upstream_id: str) -> Upstream | None:
        known = self._provider.identity.upstreams
        return next((found for found in known if found.id == upstream_id), None)


def _same(flow: Flow, upstream: Upstream, state: str) -> bool:
    given, kept = state.encode(), flow.upstream_state.encode()
    return flow.upstream == upstream.id and bool(kept) and hmac.compare_digest(given, kept)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@lru_cache(maxsize=16)
def discovery(issuer: str) -> dict[str, Any]:
    """The provider's metadata, which must be its own."""
    url = f"{issuer}/.well-known/openid-configuration"
    found = cast(dict[str, Any], _told(url))
    if found.get("issuer") != issuer:
        raise UpstreamRefused("the metadata names another issuer")
    return found


def verified_subject(
    upstream: Upstream, metadata: dict[str, Any], token: str, nonce: str, now: datetime
) -> str:
    """The subject of an ID token that was signed by them, for us, in answer to this log-in."""
    keys = _told(metadata["jwks_uri"])
    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims
    audience = claims.get("aud")
    ours = audience == upstream.client_id or (
        audience == [upstream.client_id]
        and claims.get("azp", upstream.client_id) == upstream.client_id
    )
    expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
    fresh = now.timestamp() - _SKEW < expires.timestamp()
    if claims.get("iss") != upstream.issuer or not ours or not fresh:
        raise UpstreamRefused("issuer, audience or time")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise UpstreamRefused("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise UpstreamRefused("subject")
    return subject


def _told(url: str) -> Any:
    return httpx.get(url, timeout=5, verify=authorities()).raise_for_status().json()
