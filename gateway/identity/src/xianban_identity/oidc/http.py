"""The provider's endpoints: /.well-known, /oauth2."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.base import OAuth2Error
from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse
from xianban_sdk.errors import Unauthenticated

from xianban_identity.domain.sessions import Session, acr_level, satisfies
from xianban_identity.handlers.sessions import end_session
from xianban_identity.oidc import keys
from xianban_identity.oidc.clients import Client
from xianban_identity.oidc.issue import grantee_of
from xianban_identity.oidc.provider import Provider
from xianban_identity.oidc.server import Server
from xianban_identity.oidc.tokens import unverified_claims, userinfo
from xianban_identity.repository import credentials, sessions
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.flow import Flow, Flows
from xianban_identity.signin.pages import SigninPages

__all__ = ["oidc_endpoints"]


def oidc_endpoints(provider: Provider, flows: Flows, pages: SigninPages) -> Blueprint:
    """The endpoints as a Flask blueprint."""
    endpoints = _Endpoints(provider, flows, pages)
    blueprint = Blueprint("oidc", __name__)
    for path in ("openid-configuration", "oauth-authorization-server"):
        blueprint.add_url_rule(f"/.well-known/{path}", path, endpoints.discovery)
    rules = (
        ("authorize", endpoints.authorize, ["GET", "POST"]),
        ("token", endpoints.token, ["POST"]),
        ("jwks", endpoints.jwks, ["GET"]),
        ("revoke", endpoints.revoke, ["POST"]),
        ("userinfo", endpoints.userinfo, ["GET", "POST"]),
        ("end_session", endpoints.end_session, ["GET", "POST"]),
    )
    for name, view, methods in rules:
        blueprint.add_url_rule(f"/oauth2/{name}", name, view, methods=methods)
    return blueprint


class _Endpoints:
    def __init__(self, provider: Provider, flows: Flows, pages: SigninPages) -> None:
        self._provider = provider
        self._server = Server(provider)
        self._flows = flows
        self._pages = pages

    def discovery(self) -> Response:
        issuer = self._provider.issuer
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/oauth2/authorize",
            token_endpoint=f"{issuer}/oauth2/token",
            jwks_uri=f"{issuer}/oauth2/jwks",
            revocation_endpoint=f"{issuer}/oauth2/revoke",
            userinfo_endpoint=f"{issuer}/oauth2/userinfo",
            end_session_endpoint=f"{issuer}/oauth2/end_session",
            **_CAPABILITIES,
        )

    def jwks(self) -> Response:
        with self._provider.db.read() as conn:
            answer = jsonify(keys.jwks(conn, self._provider.now()))
        answer.headers["Cache-Control"] = "public, max-age=60"
        return answer

    def token(self) -> Response:
        with self._server.working():
            return self._server.token()

    def revoke(self) -> AnyResponse:
        with self._server.working() as uow:
            try:
                client = self._server.endpoint_client()
            except OAuth2Error as error:
                return self._server.error(error)
            row = credentials.find_refresh(uow.conn, request.form.get("token", ""))
            # Unknown, foreign and access tokens answer alike (RFC 7009 2.2).
            if row is not None and row.client == client.id:
                credentials.revoke_grant(uow.conn, row.grant_id, uow.clock.now())
            return Response(status=200)

    def userinfo(self) -> AnyResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._provider.work() as uow:
            try:
                principal, claims = self._provider.read_token(uow.conn, token)
            except Unauthenticated:
                return _unauthorised()
            grantee = grantee_of(uow, principal.session)
            scope = str(claims.get("scope", ""))
            ours = claims.get("aud") in (self._provider.issuer, "identity")
            if scheme.lower() != "bearer" or grantee is None or not ours:
                return _unauthorised()
            return jsonify(userinfo(grantee.person, scope))

    def authorize(self) -> AnyResponse:
        browser = Browser.of_request(self._provider)
        with self._server.working() as uow:
            try:
                grant = self._server.consent_grant()
            except OAuth2Error as error:
                return self._refused(error)
            asked = Asked(request.values, grant.request.client)
            session = browser.session(uow)
            fresh = self._flows.finished(uow, browser, request.values.get("signin", ""))
            step = self._missing_step(uow, asked, session, fresh)
            if step == "refused" or (step and "none" in asked.prompts):
                return self._error(grant, _SILENT_ERRORS[step])
            if step:
                return self._begin(uow, browser, asked, step)
            return self._issue(grant, uow, session, fresh)

    def _missing_step(
        self, uow: Any, asked: Asked, session: Session | None, fresh: Flow | None
    ) -> str:
        """ "" when a code may be issued; else what the person must do first."""
        if fresh is not None and fresh.refused:
            return "refused"
        just_now = fresh is not None and session is not None
        if session is None or (not just_now and asked.wants_new_login):
            return "login"
        max_age = None if just_now else asked.max_age
        if not satisfies(session, asked.acr_values, max_age, uow.clock.now()):
            strong = satisfies(session, (), max_age, uow.clock.now())
            return "factor" if strong else "login"
        asks_again = "consent" in asked.prompts and not just_now
        return "consent" if asks_again or not self._approved(uow, asked, session) else ""

    def _approved(self, uow: Any, asked: Asked, session: Session) -> bool:
        if asked.client.first_party:
            return True
        given = credentials.approval(uow.conn, session.person, asked.client.id)
        return asked.scope <= given.scope and asked.audiences(self._provider) <= given.resources

    def _issue(self, grant: Any, uow: Any, session: Any, fresh: Flow | None) -> AnyResponse:
        grantee = grantee_of(uow, session.id)
        if fresh is not None:
            self._flows.drop(uow, fresh)
        answer: Any = self._server.create_authorization_response(grant_user=grantee, grant=grant)
        return answer

    def _begin(self, uow: Any, browser: Browser, asked: Asked, step: str) -> AnyResponse:
        flow = self._flows.begin(uow, browser, asked.state(self._provider, step))
        answer = redirect(self._flows.path(flow), 303)
        browser.remember(answer)
        return answer

    def _error(self, grant: Any, error: str) -> AnyResponse:
        params = {"error": error, "iss": self._provider.issuer}
        if state := grant.request.payload.state:
            params["state"] = state
        joint = "&" if urlsplit(grant.redirect_uri).query else "?"
        return redirect(f"{grant.redirect_uri}{joint}{urlencode(params)}", 302)

    def _refused(self, error: OAuth2Error) -> AnyResponse:
        """To the client when its address is known to be its own, else on a page."""
        if error.redirect_uri:
            answer = self._server.error(error)
            answer.location = f"{answer.location}&{urlencode({'iss': self._provider.issuer})}"
            return answer
        return self._pages.problem("client-request-invalid", 400, detail=str(error.error))

    def end_session(self) -> AnyResponse:
        browser = Browser.of_request(self._provider)
        hint = unverified_claims(request.values.get("id_token_hint", ""))
        client = self._provider.clients.find(
            str(request.values.get("client_id") or hint.get("azp") or "")
        )
        with self._provider.work() as uow:
            session = browser.session(uow) or self._hinted(uow, hint)
            if session is not None:
                end_session(session, "logged_out", uow=uow)
        answer = redirect(_after_logout(client), 303)
        browser.forget(answer)
        return answer

    def _hinted(self, uow: Any, hint: dict[str, object]) -> Session | None:
        # A log-out is harmless but a nuisance: the hint must be a token of ours, even an old one.
        token = request.values.get("id_token_hint", "")
        if not keys.is_ours(uow.conn, uow.clock.now(), token):
            return None
        return sessions.load(uow.conn, str(hint.get("sid", "")))


class Asked:
    """What an authorization request asks of the person."""

    def __init__(self, values: Any, client: Client) -> None:
        self._values = values
        self.client = client
        self.prompts = frozenset(values.get("prompt", "").split())
        self.acr_values = tuple(values.get("acr_values", "").split())
        age = values.get("max_age", "")
        self.max_age = int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None
        self.scope = frozenset(values.get("scope", "").split())

    @property
    def wants_new_login(self) -> bool:
        """Whether the log-in that stands is not enough, however fresh."""
        return bool(self.prompts & {"login", "select_account"})

    def audiences(self, provider: Provider) -> frozenset[str]:
        """The services whose data the client wants."""
        found = (provider.clients.audience(value) for value in self._values.getlist("resource"))
        return frozenset(name for name in found if name)

    def state(self, provider: Provider, step: str) -> Flow:
        """The log-in to begin: every parameter comes back to /authorize afterwards."""
        pairs = [(k, v) for k in self._values for v in self._values.getlist(k) if k != "signin"]
        return Flow(
            step=step,
            query=urlencode(pairs),
            client=self.client.id,
            client_title_zh=self.client.title("zh-CN"),
            client_title_en=self.client.title("en"),
            redirect_uri=self._values.get("redirect_uri", ""),
            scope=sorted(self.scope),
            audiences=sorted(self.audiences(provider)),
            needs_factor=any(acr_level(acr) > 1 for acr in self.acr_values),
            needs_consent=not self.client.first_party,
        )


def _after_logout(client: Client | None) -> str:
    wanted = request.values.get("post_logout_redirect_uri", "")
    if client is None or wanted not in client.post_logout_redirect_uris:
        return "/"
    state = request.values.get("state", "")
    return f"{wanted}?{urlencode({'state': state})}" if state else wanted


def _unauthorised() -> Response:
    answer = Response(status=401)
    answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer


_SILENT_ERRORS = {
    "login": "login_required",
    "factor": "interaction_required",
    "consent": "consent_required",
    "refused": "access_denied",
}

_CAPABILITIES = {
    "response_types_supported": ["code"],
    "response_modes_supported": ["query"],
    "grant_types_supported": [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ],
    "subject_types_supported": ["public"],
    "scopes_supported": ["openid", "profile", "phone"],
    "id_token_signing_alg_values_supported": ["ES256"],
    "token_endpoint_auth_methods_supported": [
        "private_key_jwt",
        "client_secret_basic",
        "client_secret_post",
        "none",
    ],
    "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
    "code_challenge_methods_supported": ["S256"],
    "acr_values_supported": ["urn:xianban:acr:1", "urn:xianban:acr:2"],
    "claims_supported": ["sub", "name", "locale", "phone_number", "acr", "amr", "auth_time", "sid"],
    "prompt_values_supported": ["none", "login", "consent", "select_account"],
    "ui_locales_supported": ["zh-CN", "en"],
    "authorization_response_iss_parameter_supported": True,
    "request_uri_parameter_supported": False,
}
