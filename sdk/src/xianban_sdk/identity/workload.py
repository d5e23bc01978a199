"""A process proves which workload it is: private_key_jwt at identity's token endpoint.

Each service has an EC P-256 key in ``data/keys/<service>.pem`` (0600, made at first start); its
public JWK lies beside it as ``<service>.pub.json``, where identity reads the registered workloads.
Where XIANBAN_KEYS is mounted read-only, both were made beforehand (`xianban keys`).
The client id is the service's name, the token's subject ``workload:<service>``.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from xianban_sdk import telemetry
from xianban_sdk.clock import Clock
from xianban_sdk.errors import Unavailable
from xianban_sdk.inside import carry_trace, http_options
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

__all__ = [
    "IdentityHttp",
    "WorkloadIdentity",
    "identity_client",
    "load_or_create_key",
    "public_half",
]

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JWKS: Final = "/oauth2/jwks"
_TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path
_ASSERTION_LIFE: Final = 60
# A token is renewed before a call could meet its end.
_RENEW_BEFORE: Final = 60
_PATIENCE: Final = 1.0
# What a mounted secret answers to whoever would write there.
_READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
# While identity is away, it is not asked for every single call.
_RETRY_AFTER: Final = 0.5


class IdentityHttp:
    """Identity's HTTP side, reached over its Unix socket or XIANBAN_IDENTITY_HTTP_ADDR."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.address("identity", "http")
        self._settings = settings
        self.issuer = settings.issuer
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def jwks(self) -> dict[str, Any]:
        """The current public keys."""
        with telemetry.span("GET identity", kind=telemetry.CLIENT):
            return self._json(self._open().get(_JWKS))

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """A request to the token endpoint."""
        with telemetry.span("POST identity", kind=telemetry.CLIENT):
            return self._json(self._open().post(_TOKEN, data=form))

    def _open(self) -> httpx.Client:
        socket = self._address.removeprefix("unix:")
        if socket != self._address and not Path(socket).exists():
            # Said here, because httpcore forgets to close a socket that finds no file.
            raise httpx.ConnectError(f"identity is not there: no {socket}")
        with self._lock:
            if self._client is None:
                self._client = identity_client(self._settings, _PATIENCE)
            return self._client

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        response.raise_for_status()
        return cast(dict[str, Any], response.json())

    def close(self) -> None:
        """Closes the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


def identity_client(settings: Settings, seconds: float) -> httpx.Client:
    """A client of identity's HTTP side, wherever that is."""
    address, timeout = settings.address("identity", "http"), httpx.Timeout(seconds)
    if address.startswith("unix:"):
        transport = httpx.HTTPTransport(uds=address.removeprefix("unix:"))
        hooks = {"request": [carry_trace]}
        return httpx.Client(
            transport=transport, base_url="http://identity", timeout=timeout, event_hooks=hooks
        )
    options, prepare = http_options(address, "identity", settings)
    return httpx.Client(timeout=timeout, event_hooks={"request": [prepare]}, **options)


def load_or_create_key(directory: Path, service: str) -> ECKey:
    """The service's key; its public half is (re)written beside it."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"{service}.pem"
    if not path.exists():
        _create(path, service)
    key = ECKey.import_key(path.read_bytes(), {"kid": "", "use": "sig"})
    key = ECKey.import_key(path.read_bytes(), {"kid": key.thumbprint(), "use": "sig"})
    _publish(path.with_suffix(".pub.json"), json.dumps(public_half(key)).encode())
    return key


def public_half(key: ECKey) -> dict[str, Any]:
    """The JWK that identity knows a workload by."""
    return {**key.as_dict(private=False), "alg": "ES256", "use": "sig"}


def _publish(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    try:
        _replace(path, content, 0o644)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        # A mounted secret: whoever mounts it shows identity the public half, too.
        log.info("public_key_not_written", file=str(path), error=error.strerror)


def _create(path: Path, service: str) -> None:
    log.info("workload_key_created", service=service)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    _write(draft, ECKey.generate_key("P-256").as_pem(private=True), 0o600)
    try:
        # link() fails when another process was first: then its key is the one.
        os.link(draft, path)
    except FileExistsError:
        log.info("workload_key_exists", service=service)
    finally:
        draft.unlink()


def _replace(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    _write(draft, content, mode)
    draft.replace(path)


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


@dataclass(slots=True)
class _Held:
    token: str
    expires: float


class WorkloadIdentity:
    """Gives the process's own token for each audience, fetched when first needed."""

    def __init__(self, settings: Settings, service: str, http: IdentityHttp, clock: Clock) -> None:
        self._settings = settings
        self.service = service
        self._http = http
        self._clock = clock
        self._key: ECKey | None = None
        self._held: dict[str, _Held] = {}
        self._failed: dict[str, float] = {}
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Makes the key, so that identity can know this workload before it first calls."""
        self._key = load_or_create_key(self._settings.keys, self.service)

    def token(self, audience: str) -> str:
        """A token for the audience; Unavailable while identity gives none."""
        now = self._clock.now().timestamp()
        held = self._held.get(audience)
        if held is not None and now < held.expires - _RENEW_BEFORE:
            return held.token
        with self._lock:
            return self._renewed(audience, now)

    def _renewed(self, audience: str, now: float) -> str:
        held = self._held.get(audience)
        if held is not None and now < held.expires - _RENEW_BEFORE:
            return held.token
        if time.monotonic() - self._failed.get(audience, -_RETRY_AFTER) >= _RETRY_AFTER:
            held = self._try(audience, now) or held
        if held is None or held.expires <= now:
            raise Unavailable("IDENTITY_UNAVAILABLE")
        return held.token

    def _try(self, audience: str, now: float) -> _Held | None:
        try:
            answer = self._http.token(self._form(audience, now))
            held = _Held(str(answer["access_token"]), now + float(answer["expires_in"]))
        except (httpx.HTTPError, KeyError, ValueError) as error:
            self._failed[audience] = time.monotonic()
            log.warning("workload_token_failed", audience=audience, error=repr(error))
            return None
        self._held[audience] = held
        return held

    def _form(self, audience: str, now: float) -> dict[str, str]:
        if self._key is None:
            self.prepare()
        return {
            "grant_type": "client_credentials",
            "client_id": self.service,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(now),
            "resource": audience,
        }

    def _assertion(self, now: float) -> str:
        key = cast(ECKey, self._key)
        claims = {
            "iss": self.service,
            "sub": self.service,
            "aud": f"{self._http.issuer}/oauth2/token",
            "iat": int(now),
            "exp": int(now) + _ASSERTION_LIFE,
            "jti": uuid4().hex,
        }
        return jwt.encode({"alg": "ES256", "kid": key.thumbprint()}, claims, key)
