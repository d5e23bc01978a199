"""The portal as an OIDC client: code + PKCE S256, private_key_jwt, refresh, token exchange.

Back-channel requests go to identity's own socket; only the browser uses the public issuer URL.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from xianban_sdk import telemetry
from xianban_sdk.identity.workload import load_or_create_key
from xianban_sdk.inside import carry_trace, http_options
from xianban_sdk.settings import Settings

CLIENT_ID = "portal"
SCOPE = "openid profile"
ACR = "urn:xianban:acr:"
ATTEMPT_SECONDS = 600
SKEW_SECONDS = 5
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 a type's name


class LogInFailedError(Exception):
    """The log-in cannot go on; the text says why, for the log."""


class GrantEndedError(Exception):
    """Identity no longer honours the refresh or access token: the session is over."""


class IdentityAwayError(Exception):
    """Identity did not answer."""


class IdentityRefusedError(IdentityAwayError):
    """Identity refused for a reason that another log-in would not mend."""


@dataclass(frozen=True)
class Tokens:
    """An answer of the token endpoint."""

    access: str
    expires: float
    refresh: str = ""
    id_token: str = ""


@dataclass(frozen=True)
class Attempt:
    """A log-in under way, kept sealed in the browser's cookie for ten minutes."""

    state: str
    nonce: str
    verifier: str
    next: str
    started: float


class Oidc:
    """Talks to identity."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient | None = None) -> None:
        self.issuer = settings.issuer.rstrip("/")
        self.redirect_uri = f"{self.issuer}/callback"
        self._key = load_or_create_key(settings.keys, CLIENT_ID)
        self._box = _box(self._key)
        self._client = client or _client(settings)
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None

    async def close(self) -> None:
        await self._client.aclose()

    async def ready(self) -> None:
        """Raises `IdentityAwayError` when identity's HTTP side does not answer."""
        await self._get("/.well-known/openid-configuration")

    async def begin(self, next_path: str, locale: str, acr: str = "") -> tuple[str, str, str]:
        """Where to send the browser, the attempt's state, and the sealed attempt."""
        attempt = Attempt(_token(), _token(), _token(48), next_path, time.time())
        challenge = hashlib.sha256(attempt.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _b64(challenge),
            "code_challenge_method": "S256",
            "ui_locales": locale,
        } | ({"acr_values": f"{ACR}{acr}"} if acr else {})
        endpoint = await self._endpoint("authorization_endpoint")
        return f"{endpoint}?{urlencode(query)}", attempt.state, self._seal(attempt)

    async def finish(
        self, sealed: str, state: str, code: str
    ) -> tuple[Tokens, dict[str, Any], str]:
        """Tokens, the ID token's claims and the path to go on to."""
        attempt = self._unseal(sealed)
        if not secrets.compare_digest(attempt.state, state):
            raise LogInFailedError("state differs")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        tokens = await self._grant(form)
        claims = await self._identify(tokens.id_token, attempt.nonce)
        return tokens, claims, attempt.next

    async def refresh(self, refresh_token: str) -> Tokens:
        return await self._grant({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def exchange(self, access_token: str, audience: str) -> Tokens:
        """A token of the same person for one service (RFC 8693)."""
        form = {
            "grant_type": _EXCHANGE,
            "subject_token": access_token,
            "subject_token_type": _ACCESS_TOKEN,
            "requested_token_type": _ACCESS_TOKEN,
            "resource": audience,
        }
        return await self._grant(form)

    async def workload(self, audience: str) -> Tokens:
        """The portal's own token for one service."""
        return await self._grant({"grant_type": "client_credentials", "resource": audience})

    async def revoke(self, refresh_token: str) -> None:
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        await self._post("revocation_endpoint", form)

    async def end_session_url(self, id_token: str) -> str:
        """Where the browser ends identity's own session, or "" where identity offers none."""
        endpoint = await self._endpoint("end_session_endpoint")
        query = {"id_token_hint": id_token, "post_logout_redirect_uri": f"{self.issuer}/"}
        return f"{endpoint}?{urlencode(query | {'client_id': CLIENT_ID})}" if endpoint else ""

    async def _grant(self, form: dict[str, str]) -> Tokens:
        answer = await self._post("token_endpoint", form)
        return Tokens(
            access=str(answer["access_token"]),
            expires=time.time() + float(answer.get("expires_in", 0)),
            refresh=str(answer.get("refresh_token", "")),
            id_token=str(answer.get("id_token", "")),
        )

    async def _identify(self, id_token: str, nonce: str) -> dict[str, Any]:
        claims = await self._verified(id_token)
        expected = {"iss": self.issuer, "nonce": nonce}
        if any(claims.get(name) != value for name, value in expected.items()):
            raise LogInFailedError("ID token is not for this log-in")
        audience = claims.get("aud")
        if audience not in (CLIENT_ID, [CLIENT_ID]) or not isinstance(claims.get("exp"), int):
            raise LogInFailedError("ID token is not for the portal")
        if claims["exp"] < time.time() - SKEW_SECONDS:
            raise LogInFailedError("ID token has expired")
        return claims

    async def _verified(self, id_token: str) -> dict[str, Any]:
        for fresh in (False, True):  # An unknown key may simply be a new one.
            try:
                return jwt.decode(id_token, await self._jwks(fresh), algorithms=["ES256"]).claims
            except (JoseError, ValueError) as error:
                if fresh:
                    raise LogInFailedError(f"ID token refused: {error}") from error
        raise LogInFailedError("ID token refused")

    async def _jwks(self, fresh: bool) -> KeySet:
        if fresh or self._keys is None:
            path = urlsplit(await self._endpoint("jwks_uri")).path
            self._keys = KeySet.import_key_set(cast(Any, await self._get(path)))
        return self._keys

    async def _endpoint(self, name: str) -> str:
        if not self._metadata:
            self._metadata = await self._get("/.well-known/openid-configuration")
        return str(self._metadata.get(name, ""))

    async def _get(self, path: str) -> dict[str, Any]:
        try:
            with telemetry.span("GET identity", kind=telemetry.CLIENT):
                response = await self._client.get(path)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise IdentityAwayError(str(error)) from error
        return cast(dict[str, Any], response.json())

    async def _post(self, endpoint: str, form: dict[str, str]) -> dict[str, Any]:
        path = urlsplit(await self._endpoint(endpoint)).path
        try:
            with telemetry.span("POST identity", kind=telemetry.CLIENT):
                response = await self._client.post(path, data=form | self._authentication())
        except httpx.HTTPError as error:
            raise IdentityAwayError(str(error)) from error
        if response.status_code >= 500:
            raise IdentityAwayError(f"{path} answered {response.status_code}")
        answer = _json(response)
        if response.status_code >= 400:
            ended = answer.get("error") == "invalid_grant"
            refusal = GrantEndedError if ended else IdentityRefusedError
            raise refusal(f"{form.get('grant_type', path)}: {answer}")
        return answer

    def _authentication(self) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "aud": f"{self.issuer}/oauth2/token",
            "iat": now,
            "exp": now + 60,
            "jti": uuid4().hex,
        }
        header = {"alg": "ES256", "kid": self._key.thumbprint()}
        return {
            "client_id": CLIENT_ID,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": jwt.encode(header, claims, self._key),
        }

    def _seal(self, attempt: Attempt) -> str:
        nonce = secrets.token_bytes(12)
        content = json.dumps(attempt.__dict__).encode()
        return _b64(nonce + self._box.encrypt(nonce, content, b"log-in"))

    def _unseal(self, sealed: str) -> Attempt:
        try:
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            attempt = Attempt(**json.loads(self._box.decrypt(raw[:12], raw[12:], b"log-in")))
        except (ValueError, InvalidTag) as error:
            raise LogInFailedError("no log-in under way in this browser") from error
        if time.time() - attempt.started > ATTEMPT_SECONDS:
            raise LogInFailedError("the log-in took too long")
        return attempt


def _client(settings: Settings) -> httpx.AsyncClient:
    timeout, address = httpx.Timeout(3.0), settings.address("identity", "http")
    options, prepare = _reached(address, settings)

    async def named(request: httpx.Request) -> None:
        prepare(request)

    return httpx.AsyncClient(timeout=timeout, event_hooks={"request": [named]}, **options)


def _reached(
    address: str, settings: Settings
) -> tuple[dict[str, Any], Callable[[httpx.Request], None]]:
    if not address.startswith("unix:"):
        return http_options(address, "identity", settings)
    transport = httpx.AsyncHTTPTransport(uds=address.removeprefix("unix:"), retries=1)
    return {"transport": transport, "base_url": "http://identity"}, carry_trace


def _box(key: ECKey) -> AESGCM:
    secret = key.as_pem(private=True)
    return AESGCM(HKDF(SHA256(), 32, None, b"xianban portal log-in").derive(secret))


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], response.json()) if response.content else {}
    except ValueError as error:
        raise IdentityAwayError("identity answered no JSON") from error


def _token(size: int = 24) -> str:
    return secrets.token_urlsafe(size)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
