"""What every installation has from its first start: signing keys and the purposes' wording."""

from __future__ import annotations

import tomllib
from importlib import resources as package_files
from typing import Any

from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.consent import Purpose
from xianban_identity.handlers.consents import publish_purpose
from xianban_identity.oidc import keys
from xianban_identity.repository import consents
from xianban_identity.repository.consents import WordedPurpose
from xianban_identity.settings import IdentitySettings
from xianban_identity.timers import clean_later

__all__ = ["install"]


def install(uow: UnitOfWork, settings: IdentitySettings) -> None:
    """Does nothing the second time, but for purposes that were reworded since."""
    keys.ensure(uow, settings.key_period)
    known = consents.revisions(uow.conn)
    for worded in _purposes():
        if worded.purpose.revision > known.get(worded.purpose.id, 0):
            publish_purpose(worded, uow=uow)
    clean_later(uow)


def _purposes() -> list[WordedPurpose]:
    source = package_files.files("xianban_identity").joinpath("purposes.toml").read_text("utf-8")
    return [_worded(entry) for entry in tomllib.loads(source)["purposes"]]


def _worded(entry: dict[str, Any]) -> WordedPurpose:
    facts = Purpose(entry["id"], entry["revision"], entry["controller"], entry["retention_days"])
    return WordedPurpose(
        facts, entry["title_zh"], entry["text_zh"], entry["title_en"], entry["text_en"]
    )
