"""An issuer that is strict where the portal could be lax, and a caller that answers by hand."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx
import pytest
from google.protobuf.message import Message
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from xianban.identity.v1 import identity_pb2 as identity
from xianban_portal.app import Parts, create_app
from xianban_portal.health import Monitor
from xianban_portal.oidc import Oidc
from xianban_portal.sessions import Sessions
from xianban_portal.tokens import SessionTokens
from xianban_portal.web import site
from xianban_sdk.demo import person_id
from xianban_sdk.settings import Settings
from xianban_sdk.testing.pages import FakeCaller
from xianban_sdk.web import Hub, LogInRequiredError, Method, Site

with warnings.catch_warnings():
    # Starlette would rather have httpx2; the suite's client is httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ISSUER = "http://portal.test"
DAUGHTER, ELDER = person_id("daughter"), person_id("elder")


@dataclass
class Issuer:
    """Identity's HTTP side, as the standards ask: PKCE S256, one-time codes, rotating refresh."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    grants: list[dict[str, str]] = field(default_factory=list)
    away: bool = False
    life: int = 300
    asked_acr: str = ""

    def app(self) -> Starlette:
        metadata = Route("/.well-known/openid-configuration", self._metadata)
        token = Route("/oauth2/token", self._token, methods=["POST"])
        revoke = Route("/oauth2/revoke", self._revoke, methods=["POST"])
        return Starlette(routes=[metadata, Route("/oauth2/jwks", self._jwks), token, revoke])

    def authorize(self, url: str) -> dict[str, str]:
        """What the browser brings back after the person logged in."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["code_challenge_method"] == "S256"
        self.asked_acr = query.get("acr_values", "")
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    async def _metadata(self, _request: Request) -> Response:
        if self.away:
            return Response(status_code=503)
        names = ("authorization", "token", "revocation", "end_session")
        paths = ("authorize", "token", "revoke", "logout")
        ends = {f"{n}_endpoint": f"{ISSUER}/oauth2/{p}" for n, p in zip(names, paths, strict=True)}
        return JSONResponse(ends | {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/oauth2/jwks"})

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _revoke(self, request: Request) -> Response:
        form = await request.form()
        self.refresh.discard(str(form["token"]))
        return Response(status_code=200)

    async def _token(self, request: Request) -> Response:
        if self.away:
            return Response(status_code=503)
        form = {name: str(value) for name, value in (await request.form()).items()}
        assert form["client_id"] == "portal"
        assert form["client_assertion"].count(".") == 2
        self.grants.append(form)
        kind = form["grant_type"].rpartition(":")[2]
        return getattr(self, "_" + kind.replace("-", "_"))(form)

    def _authorization_code(self, form: dict[str, str]) -> Response:
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._issue(nonce=asked["nonce"])

    def _refresh_token(self, form: dict[str, str]) -> Response:
        if form["refresh_token"] not in self.refresh:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.refresh.discard(form["refresh_token"])
        return self._issue()

    def _token_exchange(self, form: dict[str, str]) -> Response:
        if "refused" in form["subject_token"]:
            return JSONResponse({"error": "invalid_request"}, 400)
        return JSONResponse({"access_token": f"for-{form['resource']}", "expires_in": self.life})

    def _client_credentials(self, form: dict[str, str]) -> Response:
        return JSONResponse({"access_token": "workload", "expires_in": self.life})

    def _issue(self, nonce: str = "") -> Response:
        refresh = secrets.token_urlsafe(16)
        self.refresh.add(refresh)
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": DAUGHTER, "aud": "portal", "nonce": nonce, "exp": now + 300}
        id_token = jwt.encode({"alg": "ES256", "kid": "k1"}, claims | {"name": "王芳"}, self.key)
        answer = {"access_token": "own", "expires_in": self.life, "refresh_token": refresh}
        return JSONResponse(answer | {"id_token": id_token})


class StrictCaller(FakeCaller):
    """As the portal's own: without a session only parking, which is for everybody, is asked."""

    async def unary(
        self, request: HTTPConnection, method: Method, message: Message, timeout: float
    ) -> Any:
        if request.state.session is None and method.domain != "parking":
            raise LogInRequiredError
        return await super().unary(request, method, message, timeout)

    def channel(self, domain: str, lane: str = "") -> Any:
        return grpc.aio.insecure_channel("unix:/nonexistent.sock")


@dataclass
class Portal:
    """The portal under test with its surroundings."""

    client: TestClient
    issuer: Issuer
    caller: StrictCaller
    parts: Parts

    def log_in(self, next_path: str = "/", acr: str = "") -> httpx.Response:
        """The whole dance, as a browser does it."""
        params = {"next": next_path} | ({"acr": acr} if acr else {})
        start = self.client.get("/login", params=params)
        assert start.status_code == 303
        back = self.issuer.authorize(start.headers["location"])
        return self.client.get("/callback", params=back)

    @property
    def csrf(self) -> str:
        session = self.parts.sessions.find(self.client.cookies["xianban_session"])
        assert session is not None
        return session.csrf

    def post(self, path: str, **form: str) -> httpx.Response:
        return self.client.post(path, data=form | {"csrf": self.csrf})


@pytest.fixture
def sites() -> list[Site]:
    return [site]


@pytest.fixture
def portal(tmp_path: Path, sites: list[Site]) -> Iterator[Portal]:
    settings = Settings(data=tmp_path, issuer=ISSUER)
    issuer, caller = Issuer(), StrictCaller()
    person = identity.Person(name=f"residents/{DAUGHTER}", display_name="王芳")
    caller.replies["GetPerson"] = person
    transport = httpx.ASGITransport(issuer.app())
    oidc = Oidc(settings, httpx.AsyncClient(transport=transport, base_url="http://identity"))
    sessions = Sessions(tmp_path / "sessions.sqlite3")
    tokens = SessionTokens(oidc, sessions)
    monitor = Monitor(caller, oidc, [])  # type: ignore[arg-type]
    hub = Hub(retry=0.01)
    parts = Parts(settings, sites, sessions, oidc, tokens, caller, monitor, hub, strict=True)
    with TestClient(create_app(parts), base_url=ISSUER, follow_redirects=False) as client:
        yield Portal(client, issuer, caller, parts)
