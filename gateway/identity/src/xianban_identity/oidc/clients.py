"""Who may ask for tokens: clients are data, workloads are known by the public keys on disk."""

from __future__ import annotations

import hmac
import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from xianban_sdk.settings import Settings

__all__ = ["Client", "Clients"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}", re.ASCII)
# Where façades for programs live: what is meant for one of them is the portal's to pass inwards.
_HOST = "portal"
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "::1"})


@dataclass(frozen=True)
class Client:
    """One registered client. The snake_case methods at the end are what Authlib asks."""

    id: str
    auth: str
    grants: frozenset[str]
    title_zh: str = ""
    title_en: str = ""
    first_party: bool = False
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    secret: str = field(default="", repr=False)
    keys: tuple[dict[str, Any], ...] = ()

    def title(self, locale: str) -> str:
        """The name a person sees."""
        return (self.title_en if locale == "en" else self.title_zh) or self.id

    def may_reach(self, audience: str) -> bool:
        """Whether tokens for the audience may be given to this client."""
        return "*" in self.audiences or audience in self.audiences

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> str | None:
        return None  # redirect_uri is always given: nothing to guess

    def get_allowed_scope(self, scope: str | None) -> str:
        asked = (scope or "").split()
        return " ".join(part for part in asked if part in self.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return any(_same_redirect(known, redirect_uri) for known in self.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret) and hmac.compare_digest(self.secret, client_secret)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return self.auth == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and "authorization_code" in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        return (
            grant_type.removeprefix("urn:ietf:params:oauth:grant-type:").replace("-", "_")
            in self.grants
        )


def _same_redirect(known: str, given: str) -> bool:
    """Exact, but for the port of a loopback address, which a native app can't choose (RFC 8252)."""
    if known == given:
        return True
    try:
        one, other = urlsplit(known), urlsplit(given)
        ports = (one.port, other.port)
    except ValueError:
        return False
    if one.scheme != "http" or one.hostname not in _LOOPBACK or ports[0] is not None:
        return False
    return given == f"http://{one.netloc}:{ports[1]}{one.path}"


class Clients:
    """Finds clients; workload keys are read when asked for, so that a new one needs no restart."""

    def __init__(self, settings: Settings, more: tuple[dict[str, Any], ...] = ()) -> None:
        self._keys = settings.keys
        packaged = (
            resources.files("xianban_identity.oidc").joinpath("clients.toml").read_text("utf-8")
        )
        entries = [*tomllib.loads(packaged)["clients"], *more]
        self._clients = {
            entry["id"]: _client(entry, settings.issuer)
            for entry in entries
            if settings.demo or not entry.get("demo")
        }
        services = entry_points(group="xianban.services")
        facades = entry_points(group="xianban.audiences")
        self._facades = frozenset(point.name for point in facades)
        self._audiences = self._facades | {point.name for point in services}
        self._issuer = settings.issuer

    def find(self, client_id: str) -> Client | None:
        """A registered client, or a workload whose public key is on disk."""
        known = self._clients.get(client_id)
        if known is None:
            return self._workload(client_id)
        return _with_keys(known, self._public_keys(client_id))

    def audience(self, resource: str) -> str | None:
        """The audience a `resource` means: a service's name, or its URL under the issuer."""
        name = resource.removeprefix(f"{self._issuer}/api/")
        if resource == self._issuer:
            return self._issuer
        return name if name in self._audiences else None

    def serves(self, client_id: str, audience: str) -> bool:
        """Whether the client stands behind an audience: itself, or, the portal, a façade."""
        return client_id == audience or (client_id == _HOST and audience in self._facades)

    def _workload(self, client_id: str) -> Client | None:
        keys = self._public_keys(client_id)
        if not keys:
            return None
        grants = frozenset({"client_credentials", "token_exchange"})
        return Client(client_id, "private_key_jwt", grants, audiences=frozenset({"*"}), keys=keys)

    def _public_keys(self, client_id: str) -> tuple[dict[str, Any], ...]:
        if not _NAME.fullmatch(client_id):
            return ()
        path: Path = self._keys / f"{client_id}.pub.json"
        return (json.loads(path.read_bytes()),) if path.is_file() else ()


def _with_keys(client: Client, keys: tuple[dict[str, Any], ...]) -> Client:
    if client.auth != "private_key_jwt" or not keys:
        return client
    return replace(client, keys=(*client.keys, *keys))


def _client(entry: dict[str, Any], issuer: str) -> Client:
    def urls(name: str) -> tuple[str, ...]:
        return tuple(url.replace("{issuer}", issuer) for url in entry.get(name, []))

    return Client(
        id=entry["id"],
        auth=entry["auth"],
        grants=frozenset(entry["grants"]),
        title_zh=entry.get("title_zh", ""),
        title_en=entry.get("title_en", ""),
        first_party=entry.get("first_party", False),
        redirect_uris=urls("redirect_uris"),
        post_logout_redirect_uris=urls("post_logout_redirect_uris"),
        scopes=frozenset(entry.get("scopes", [])),
        audiences=frozenset(entry.get("audiences", [])),
        secret=entry.get("secret", ""),
        keys=tuple(entry.get("keys", [])),
    )
