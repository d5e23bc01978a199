"""Identity's own settings: file `identity.toml` in the data directory, all of it optional."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from xianban_sdk.settings import Settings

from xianban_identity.domain.delegation import Limits
from xianban_identity.domain.sessions import CodeRules

__all__ = ["IdentitySettings", "Upstream"]

_DEMO_CODES = CodeRules(resend_after=timedelta(0), per_phone=1_000, per_address=10_000)


@dataclass(frozen=True, slots=True)
class Upstream:
    """An outside OpenID provider people may log in with."""

    id: str
    title: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """What an operator of identity may choose."""

    limits: Limits = field(default_factory=Limits)
    codes: CodeRules = field(default_factory=CodeRules)
    upstreams: tuple[Upstream, ...] = ()
    clients: tuple[dict[str, Any], ...] = ()
    # The id of the code sender plugin; "": the screen in a demo, else the only other one.
    code_sender: str = ""
    session: timedelta = timedelta(days=7)
    key_period: timedelta = timedelta(days=30)

    @classmethod
    def load(cls, settings: Settings) -> IdentitySettings:
        """Reads the file, if there is one."""
        path = Path(os.environ.get("XIANBAN_IDENTITY_CONFIG", settings.data / "identity.toml"))
        # In a demo everybody logs in as the same few people, and no message costs anything.
        codes = _DEMO_CODES if settings.demo else CodeRules()
        if not path.is_file():
            return cls(codes=codes)
        raw = tomllib.loads(path.read_text("utf-8"))
        return cls(
            limits=Limits(**raw.get("limits", {})),
            codes=codes,
            upstreams=tuple(_upstream(entry) for entry in raw.get("upstreams", [])),
            clients=tuple(raw.get("clients", [])),
            code_sender=raw.get("code_sender", ""),
        )


def _upstream(entry: dict[str, Any]) -> Upstream:
    # A secret belongs in the environment; in the file it is for tests.
    variable = f"XIANBAN_UPSTREAM_{str(entry['id']).upper().replace('-', '_')}_SECRET"
    return Upstream(
        id=entry["id"],
        title=entry.get("title", entry["id"]),
        issuer=entry["issuer"].rstrip("/"),
        client_id=entry["client_id"],
        client_secret=os.environ.get(variable) or entry.get("client_secret", ""),
    )
