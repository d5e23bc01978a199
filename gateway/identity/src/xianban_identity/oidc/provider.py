"""What every part of the provider shares."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from xianban_sdk.clock import Clock
from xianban_sdk.errors import Unauthenticated
from xianban_sdk.identity.jwks import StaticKeys
from xianban_sdk.identity.principal import Principal
from xianban_sdk.identity.tokens import TokenVerifier
from xianban_sdk.ids import Ids
from xianban_sdk.plugins import Hooks
from xianban_sdk.settings import Settings
from xianban_sdk.storage import CallInfo, Database, UnitOfWork, open_unit_of_work

from xianban_identity.oidc import keys
from xianban_identity.oidc.clients import Clients
from xianban_identity.oidc.tokens import unverified_claims
from xianban_identity.plugins import Chosen, Factor, chosen_sender, second_factors
from xianban_identity.settings import IdentitySettings

__all__ = ["Provider"]


@dataclass(frozen=True)
class Provider:
    """The issuer with its database, clients and plugins."""

    settings: Settings
    identity: IdentitySettings
    db: Database
    clock: Clock
    ids: Ids
    clients: Clients
    hooks: Hooks

    @property
    def chosen(self) -> Chosen | None:
        """Who sends codes now; None: no plugin does."""
        return chosen_sender(self.hooks, self.identity.code_sender, demo=self.settings.demo)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What can be enrolled and asked for now."""
        return second_factors(self.hooks)

    @property
    def issuer(self) -> str:
        """The public base URL."""
        return self.settings.issuer

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS."""
        return self.issuer.startswith("https://")

    def work(self, actor: str = "", subject: str = "") -> AbstractContextManager[UnitOfWork]:
        """One transaction, committed at its end."""
        info = CallInfo(actor=actor, subject=subject)
        return open_unit_of_work(self.db, clock=self.clock, ids=self.ids, call=info)

    def now(self) -> datetime:
        """The instant."""
        return self.clock.now()

    def read_token(self, conn: Connection, token: str) -> tuple[Principal, dict[str, object]]:
        """One of our own access tokens, whatever its audience; Unauthenticated otherwise."""
        claims = unverified_claims(token)
        audience = claims.get("aud")
        if not isinstance(audience, str):
            raise Unauthenticated("TOKEN_INVALID")
        published = keys.jwks(conn, self.now())
        source = StaticKeys(lambda: published)
        verifier = TokenVerifier(source, self.issuer, audience, self.clock)
        return verifier.verify(token), claims
