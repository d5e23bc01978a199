"""Authlib's authorization server on our storage: requests in, grants out."""

# pyright: basic
# Authlib ships no types, and its classes are made to be subclassed: strict mode sees only unknowns.

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import UnsupportedResponseTypeError
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Response, g, request
from xianban_sdk.storage import UnitOfWork

from xianban_identity.oidc import client_auth
from xianban_identity.oidc.clients import Client
from xianban_identity.oidc.grants import ClientGrant, CodeGrant, ExchangeGrant, Pkce, RefreshGrant
from xianban_identity.oidc.provider import Provider

__all__ = ["Server"]


class _Request(FlaskOAuth2Request):
    def __init__(self, incoming: Any) -> None:
        # Envoy ended TLS (or this is loopback): the scheme seen here says nothing about the
        # client's, and Authlib would refuse to speak to it.
        original = incoming.url
        incoming.url = original.replace("http://", "https://", 1)
        super().__init__(incoming)


class _Issuer(IssuerParameter):
    """RFC 9207: every answer names its issuer, against mix-up."""

    def __init__(self, server: Server) -> None:
        self._issuer = server.provider.issuer
        super().__call__(server)

    def get_issuer(self) -> str:
        return self._issuer


class Server(AuthorizationServer):
    """The grants we allow; everything else is refused by not being registered."""

    CODE_LIFE = timedelta(seconds=60)

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider
        self._query_client = provider.clients.find
        self.register_client_auth_method("private_key_jwt", self._private_key_jwt)
        self.register_grant(CodeGrant, [Pkce(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(ClientGrant)
        self.register_grant(ExchangeGrant)
        self.register_extension(_Issuer)

    @contextmanager
    def working(self, actor: str = "") -> Any:
        """Everything in one request happens in one transaction."""
        with self.provider.work(actor) as uow:
            g.uow = uow
            yield uow

    def uow(self) -> UnitOfWork:
        """The request's unit of work."""
        return g.uow

    def create_oauth2_request(self, request_: Any) -> FlaskOAuth2Request:
        return _Request(request)

    def get_authorization_grant(self, request_: Any) -> Any:
        """Code only. Authlib would quote the type that was asked for, and stumble over quotes."""
        if request_.payload.response_type == "code":
            return super().get_authorization_grant(request_)
        client = self.query_client(request_.payload.client_id or "")
        given = request_.payload.redirect_uri
        known = client is not None and given and client.check_redirect_uri(given)
        raise UnsupportedResponseTypeError("", redirect_uri=given if known else None)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what must happen is in the grants."""

    def endpoint_client(self) -> Client:
        """The client of a request that is no grant (revocation)."""
        methods = CodeGrant.TOKEN_ENDPOINT_AUTH_METHODS
        found: Any = self.authenticate_client(self.create_oauth2_request(None), methods)
        return found

    def consent_grant(self) -> Any:
        """The validated authorization request; OAuth2Error otherwise."""
        return self.get_consent_grant()

    def error(self, error: OAuth2Error) -> Any:
        """The answer that an error asks for."""
        return self.handle_response(*error(None))

    def token(self) -> Response:
        """The token endpoint."""
        response: Any = self.create_token_response()
        response.headers["Cache-Control"] = "no-store"
        return response

    def _private_key_jwt(self, query_client: Any, incoming: Any) -> Client | None:
        form = incoming.form
        assertion = form.get("client_assertion", "")
        if form.get("client_assertion_type") != client_auth.ASSERTION_TYPE or not assertion:
            return None
        client = query_client(client_auth.claimed_client(assertion))
        if client is None or form.get("client_id", client.id) != client.id:
            return None
        issuer = self.provider.issuer
        ours = frozenset({issuer, f"{issuer}/oauth2/token"})
        uow = self.uow()
        valid = client_auth.authenticated(uow.conn, client, assertion, ours, uow.clock.now())
        return client if valid else None
