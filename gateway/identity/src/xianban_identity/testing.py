"""For tests: an OIDC client's half of the code flow, and a browser that fills in our pages."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)
from joserfc import jwt
from joserfc.jwk import ECKey
from xianban_sdk import demo
from xianban_sdk.identity.workload import load_or_create_key

from xianban_identity.http import wsgi_of
from xianban_identity.oidc.provider import Provider

__all__ = [
    "CALLBACK",
    "CLI",
    "ISSUER",
    "Authenticator",
    "Browser",
    "Client",
    "answered",
    "assertion",
    "passkey_options",
    "screen_code_of",
]

ISSUER = "http://127.0.0.1:8080"
CLI = "openid-client-test"
CALLBACK = "http://127.0.0.1:5000/cb"


class Client:
    """An OIDC client's half of the code flow."""

    def __init__(self, client_id: str = CLI, redirect_uri: str = CALLBACK) -> None:
        self.id = client_id
        self.redirect_uri = redirect_uri
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(8)
        self.nonce = secrets.token_urlsafe(8)

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def authorization(self, **changes: Any) -> str:
        asked: dict[str, Any] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        kept = {name: value for name, value in asked.items() if value is not None}
        return f"/oauth2/authorize?{urlencode(kept, doseq=True)}"

    def exchange(self, code: str, **changes: Any) -> dict[str, Any]:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.id,
            "code_verifier": self.verifier,
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}


class Browser:
    """Follows redirects inside the issuer and fills in its forms."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.http = wsgi_of(provider).test_client()

    def get(self, path: str, **kwargs: Any) -> Any:
        answer = self.http.get(path, **kwargs)
        return self._follow(answer)

    def submit(self, page: Any, path: str = "", **fields: str) -> Any:
        html = page.get_data(as_text=True)
        hidden = dict(re.findall(r'name="(csrf|flow)" value="([^"]*)"', html))
        action = path or re.findall(r'<form class="form" method="post" action="([^"]*)"', html)[0]
        data = {name: unescape(value) for name, value in hidden.items()} | fields
        return self._follow(self.http.post(unescape(action), data=data))

    def _follow(self, answer: Any) -> Any:
        for _ in range(10):
            location = answer.headers.get("Location", "")
            inside = location.startswith("/") or location.startswith(self.provider.issuer + "/")
            if answer.status_code not in (302, 303) or not inside or "/callback" in location:
                return answer
            answer = self.http.get(location.removeprefix(self.provider.issuer))
        raise AssertionError("redirects in a circle")

    def log_in(self, path: str, phone: str) -> Any:
        """To the page after the code."""
        page = self.submit(self.get(path), phone=phone)
        return self.submit(page, code=screen_code_of(page))

    def authorize(self, client: Client, phone: str = "", **changes: Any) -> Any:
        """All steps up to the answer to the client."""
        answer = self.get(client.authorization(**changes))
        if b'name="phone"' in answer.data:
            page = self.submit(answer, phone=phone or demo.phone("resident"))
            answer = self.submit(page, code=screen_code_of(page))
        if b'value="allow"' in answer.data:
            answer = self.submit(answer, decision="allow")
        return answer

    def code(self, client: Client, phone: str = "", **changes: Any) -> str:
        answer = self.authorize(client, phone, **changes)
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)
        return answered(answer)["code"]

    def token(self, form: dict[str, Any]) -> Any:
        return self.http.post("/oauth2/token", data=form)

    def tokens(self, client: Client, phone: str = "", **changes: Any) -> dict[str, Any]:
        answer = self.token(client.exchange(self.code(client, phone, **changes)))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()


def screen_code_of(page: Any) -> str:
    return re.findall(r'id="screen-code">(\d{6})<', page.get_data(as_text=True))[0]


def answered(answer: Any) -> dict[str, str]:
    """The parameters the client is sent back with."""
    query = parse_qs(urlsplit(str(answer.headers["Location"])).query)
    return {name: values[0] for name, values in query.items()}


def assertion(provider: Provider, client: str, **changes: Any) -> dict[str, str]:
    """private_key_jwt, signed by the workload's key unless `key` says otherwise."""
    key: ECKey = changes.pop("key", None) or load_or_create_key(provider.settings.keys, client)
    header = {"alg": "ES256", **changes.pop("header", {})}
    now = int(provider.now().timestamp())
    claims = {
        "iss": client,
        "sub": client,
        "aud": f"{provider.issuer}/oauth2/token",
        "iat": now,
        "exp": now + 60,
        "jti": uuid4().hex,
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return {
        "client_id": client,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, kept, key),
    }


class Authenticator:
    """A device that holds one passkey, as W3C WebAuthn level 3 describes it.

    `origin`, `rp_id`, `verified` and `count` may be set wrong, to see what is refused.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.rp_id = urlsplit(origin).hostname or ""
        self.verified = True
        self.count = 0
        self.handle = b""
        self.id = secrets.token_bytes(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """JSON of a RegistrationResponse."""
        self.handle = websafe_decode(options["user"]["id"])
        public = ES256.from_cryptography_key(self._key.public_key())
        attested = AttestedCredentialData.create(bytes(16), self.id, public)
        data = AuthenticatorData.create(
            self._party_hash(), self._flags() | AuthenticatorData.FLAG.AT, self.count, attested
        )
        client = self._client(CollectedClientData.TYPE.CREATE, options)
        attestation = AttestationObject.create("none", data, {})
        return self._answer(
            client, attestationObject=websafe_encode(attestation), transports=["internal"]
        )

    def get(self, options: dict[str, Any]) -> str:
        """JSON of an AuthenticationResponse; the counter grows."""
        self.count += 1
        data = AuthenticatorData.create(self._party_hash(), self._flags(), self.count)
        client = self._client(CollectedClientData.TYPE.GET, options)
        signature = self._key.sign(bytes(data) + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            client,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
            userHandle=websafe_encode(self.handle),
        )

    def _party_hash(self) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest()

    def _flags(self) -> AuthenticatorData.FLAG:
        verified = AuthenticatorData.FLAG.UV if self.verified else 0
        return AuthenticatorData.FLAG.UP | verified

    def _client(self, kind: str, options: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(kind, options["challenge"], self.origin)

    def _answer(self, client: CollectedClientData, **response: Any) -> str:
        named = websafe_encode(self.id)
        response |= {"clientDataJSON": client.b64}
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})


def passkey_options(page: Any) -> dict[str, Any]:
    """What a page asks the browser's authenticator for."""
    found = re.findall(r'data-options="([^"]*)"', page.get_data(as_text=True))
    return json.loads(unescape(found[0]))
