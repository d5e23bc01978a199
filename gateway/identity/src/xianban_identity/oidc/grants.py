"""The rules of each grant, on Authlib's grant classes.

What Authlib leaves to us, or does too kindly: PKCE S256 for every client, codes that are used up by
the first look at them, one audience per token (RFC 8707), rotation with reuse detection, and the
whole of RFC 8693. Each runs inside the request's unit of work, `server.uow()`, which commits also
when the answer is an error: a burnt code stays burnt.
"""

# pyright: basic
# Authlib ships no types, and its classes are made to be subclassed: strict mode sees only unknowns.

from __future__ import annotations

import re
import secrets
from typing import Any

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    BaseGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    TokenEndpointMixin,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from xianban_sdk.errors import Unauthenticated

from xianban_identity.handlers.sessions import end_session
from xianban_identity.oidc.issue import (
    Granted,
    access_token,
    grantee_of,
    personal_tokens,
    workload_token,
)
from xianban_identity.oidc.tokens import LIFE
from xianban_identity.repository import credentials
from xianban_identity.repository.credentials import CodeRow, RefreshRow

__all__ = ["ClientGrant", "CodeGrant", "ExchangeGrant", "InvalidTarget", "Pkce", "RefreshGrant"]

_METHODS = ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"]
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  a type's name


class InvalidTarget(OAuth2Error):
    """RFC 8707: the resource is unknown, or not for this client."""

    error = "invalid_target"


def audiences(grant: Any, client: Any, asked: list[str]) -> tuple[str, ...]:
    """The audiences that the `resource` values mean; refuses what the client may not reach."""
    found = [grant.server.provider.clients.audience(resource) for resource in asked]
    issuer = grant.server.provider.issuer
    if any(name is None or (name != issuer and not client.may_reach(name)) for name in found):
        raise InvalidTarget("The resource is unknown or not allowed for this client.")
    return tuple(dict.fromkeys(name for name in found if name))


def one_audience(grant: Any, granted: tuple[str, ...]) -> str:
    """A token has one audience: the one asked for now, the one granted, or identity's own pages."""
    asked = audiences(grant, grant.request.client, _resources(grant.request))
    if len(asked) > 1:
        raise InvalidTarget("A token has one audience: ask for one resource.")
    if asked and granted and asked[0] not in granted:
        raise InvalidTarget("The resource was not granted.")
    if asked and not granted and asked[0] != grant.server.provider.issuer:
        raise InvalidTarget("The resource was not granted.")
    if asked:
        return asked[0]
    return granted[0] if len(granted) == 1 else grant.server.provider.issuer


def _resources(request: Any) -> list[str]:
    return [value for value in request.payload.datalist.get("resource", []) if value][:8]


class Pkce(CodeChallenge):
    """S256 for public and confidential clients alike; absent and `plain` are refused."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  Authlib's own form

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        payload = grant.request.payload
        lists = [payload.datalist.get(n, []) for n in ("code_challenge", "code_challenge_method")]
        if any(len(values) != 1 for values in lists):
            raise InvalidRequestError("PKCE is required: one code_challenge and its method.")
        if payload.data["code_challenge_method"] != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")
        if not _CHALLENGE.fullmatch(payload.data["code_challenge"]):
            raise InvalidRequestError("The code_challenge is not a SHA-256 in base64url.")

    def get_authorization_code_challenge(self, authorization_code: CodeRow) -> str:
        return authorization_code.challenge

    def get_authorization_code_challenge_method(self, authorization_code: CodeRow) -> str:
        return "S256"


class _CodeForAuthlib:
    """The three questions Authlib asks of a stored code."""

    def __init__(self, row: CodeRow) -> None:
        self.row = row
        self.challenge = row.challenge

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope


class CodeGrant(AuthorizationCodeGrant):
    """Authorization code, always with PKCE."""

    request: Any
    server: Any
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Any) -> str:
        given = request.payload.redirect_uri
        # Authlib would quote the address in its answer and stumble over odd characters in it.
        if not given or not client.check_redirect_uri(given):
            raise InvalidRequestError("The redirect_uri is not registered for this client.")
        return given

    def validate_requested_scope(self) -> None:
        super().validate_requested_scope()
        client = self.server.query_client(self.request.payload.client_id)
        asked = set((self.request.payload.scope or "").split())
        if not asked <= client.scopes:
            raise InvalidScopeError("A scope is not allowed for this client.")
        audiences(self, client, _resources(self.request))

    def save_authorization_code(self, code: str, request: Any) -> None:
        now = self.server.uow().clock.now()
        row = CodeRow(
            grant_id=self.server.uow().ids.new(),
            client=request.client.id,
            session=request.user.session.id,
            person=request.user.person.id,
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope or "",
            resources=audiences(self, request.client, _resources(request)),
            nonce=request.payload.data.get("nonce", ""),
            challenge=request.payload.data["code_challenge"],
            expires_at=now + self.server.CODE_LIFE,
        )
        credentials.add_code(self.server.uow().conn, code, row)

    def generate_authorization_code(self) -> str:
        return secrets.token_urlsafe(32)

    def query_authorization_code(self, code: str, client: Any) -> _CodeForAuthlib | None:
        uow = self.server.uow()
        row = credentials.take_code(uow.conn, code, uow.clock.now())
        if row is None:
            self._replayed(code)
            return None
        if row.client != client.id or uow.clock.now() >= row.expires_at:
            return None
        return _CodeForAuthlib(row)

    def _replayed(self, code: str) -> None:
        # Two hold the code, one of them a thief: nothing it gave is worth anything any more.
        uow = self.server.uow()
        grant_id = credentials.spent_grant(uow.conn, code)
        if grant_id is not None:
            credentials.revoke_grant(uow.conn, grant_id, uow.clock.now())

    def create_token_response(self) -> Any:
        row: CodeRow = self.request.authorization_code.row
        uow = self.server.uow()
        grantee = grantee_of(uow, row.session)
        if grantee is None:
            raise InvalidGrantError("The log-in has ended.")
        granted = Granted(row.grant_id, row.client, row.scope, row.resources)
        answer = personal_tokens(
            self.server.provider,
            uow,
            grantee,
            granted,
            audience=one_audience(self, row.resources),
            nonce=row.nonce,
            refreshable=self.request.client.check_grant_type("refresh_token"),
        )
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class RefreshGrant(RefreshTokenGrant):
    """Each refresh token works once; a second sight of one ends the whole log-in."""

    request: Any
    server: Any
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    def validate_token_request(self) -> None:
        client: Any = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client may not refresh.")
        self.request.client = client
        token = self.request.form.get("refresh_token")
        if not token:
            raise InvalidRequestError("Missing refresh_token.")
        uow = self.server.uow()
        row = credentials.find_refresh(uow.conn, token)
        if row is None or row.client != client.id:
            raise InvalidGrantError("The refresh token is not valid.")
        if row.used_at is not None:
            self._reused(row)
        if row.used_at or row.revoked_at or uow.clock.now() >= row.expires_at:
            raise InvalidGrantError("The refresh token is not valid.")
        self.request.refresh_token = row

    def _reused(self, row: RefreshRow) -> None:
        grantee = grantee_of(self.server.uow(), row.session)
        if grantee is not None:
            end_session(grantee.session, "refresh_reused", uow=self.server.uow())

    def create_token_response(self) -> Any:
        row: RefreshRow = self.request.refresh_token
        uow = self.server.uow()
        grantee = grantee_of(uow, row.session)
        if grantee is None:
            raise InvalidGrantError("The log-in has ended.")
        audience = one_audience(self, row.resources)
        credentials.mark_used(uow.conn, row.token_hash, uow.clock.now())
        granted = Granted(row.grant_id, row.client, self._narrowed(row), row.resources)
        answer = personal_tokens(
            self.server.provider, uow, grantee, granted, audience=audience, refreshable=True
        )
        return 200, answer, self.TOKEN_RESPONSE_HEADER

    def _narrowed(self, row: RefreshRow) -> str:
        asked = self.request.payload.scope
        if not asked:
            return row.scope
        if not set(asked.split()) <= set(row.scope.split()):
            raise InvalidScopeError("A refresh can't widen the scope.")
        return asked


class ClientGrant(ClientCredentialsGrant):
    """A process of the suite speaks for itself."""

    request: Any
    server: Any
    TOKEN_ENDPOINT_AUTH_METHODS = ["private_key_jwt"]  # noqa: RUF012  Authlib's own form

    def create_token_response(self) -> Any:
        client = self.request.client
        asked = audiences(self, client, _resources(self.request))
        if len(asked) != 1:
            raise InvalidTarget("Ask for exactly one resource.")
        uow = self.server.uow()
        answer = workload_token(self.server.provider, uow, client.id, asked[0])
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class ExchangeGrant(BaseGrant, TokenEndpointMixin):
    """RFC 8693: a person's token for another audience; never wider, never longer."""

    request: Any
    server: Any
    GRANT_TYPE: Any = "urn:ietf:params:oauth:grant-type:token-exchange"
    TOKEN_ENDPOINT_AUTH_METHODS = ["private_key_jwt"]  # noqa: RUF012  Authlib's own form

    def validate_token_request(self) -> None:
        client: Any = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client may not exchange tokens.")
        self.request.client = client
        form = self.request.form
        if form.get("subject_token_type") != _ACCESS_TOKEN or form.get("actor_token"):
            raise InvalidRequestError("Only an access token can be exchanged.")
        if form.get("requested_token_type", _ACCESS_TOKEN) != _ACCESS_TOKEN:
            raise InvalidRequestError("Only access tokens are issued.")

    def create_token_response(self) -> Any:
        uow = self.server.uow()
        claims = self._subject_claims()
        grantee = grantee_of(uow, str(claims.get("sid", "")))
        if grantee is None:
            raise InvalidGrantError("The log-in has ended.")
        scope = self._scope(str(claims.get("scope", "")))
        client, audience = self.request.client.id, self._audience()
        expires = int(str(claims["exp"]))
        token = access_token(self.server.provider, uow, grantee, client, audience, scope, expires)
        answer = {
            "access_token": token,
            "issued_token_type": _ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": min(LIFE, expires - int(uow.clock.now().timestamp())),
            "scope": scope,
        }
        return 200, answer, self.TOKEN_RESPONSE_HEADER

    def _subject_claims(self) -> dict[str, object]:
        token = self.request.form.get("subject_token", "")
        try:
            principal, claims = self.server.provider.read_token(self.server.uow().conn, token)
        except Unauthenticated:
            raise InvalidRequestError("The subject_token is not valid.") from None
        # Whoever was given the token, or is its audience, may pass it on inwards; nobody else.
        asking, meant = self.request.client.id, str(claims["aud"])
        given = asking == principal.client
        behind = self.server.provider.clients.serves(asking, meant)
        if principal.is_workload or not (given or behind):
            raise InvalidRequestError("The subject_token was not given to this client.")
        return claims

    def _audience(self) -> str:
        asked = [*_resources(self.request)]
        asked += [value for value in self.request.payload.datalist.get("audience", []) if value]
        found = audiences(self, self.request.client, asked)
        if len(found) != 1:
            raise InvalidTarget("Ask for exactly one audience.")
        return found[0]

    def _scope(self, held: str) -> str:
        asked = self.request.payload.scope
        if not asked:
            return held
        if not set(asked.split()) <= set(held.split()):
            raise InvalidScopeError("An exchange can't widen the scope.")
        return asked
