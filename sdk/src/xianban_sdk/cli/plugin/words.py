"""What `xianban plugin` says, in the language of the terminal."""

from __future__ import annotations

import os
from typing import NoReturn

from xianban_sdk import i18n
from xianban_sdk.cli.console import fail
from xianban_sdk.plugins.complaints import PACKAGE
from xianban_sdk.plugins.manifest import ManifestRefused

__all__ = ["locale", "refuse", "refuse_manifest", "say"]


def locale() -> str:
    """zh-CN where the terminal is Chinese, else English."""
    named = next(
        (os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), ""
    )
    return "zh-CN" if named.lower().startswith("zh") else "en"


def say(key: str, /, **params: object) -> str:
    """A sentence of the plugins' texts."""
    return i18n.text(key, locale(), PACKAGE, **params)


def refuse(key: str, /, *, hint: str = "", **params: object) -> NoReturn:
    """Ends the command with a sentence."""
    fail(say(key, **params), hint=hint)


def refuse_manifest(error: ManifestRefused) -> NoReturn:
    """Ends the command with every complaint about a manifest, each on its line."""
    found = [complaint.text(locale()) for complaint in error.complaints]
    fail(f"{error.where}: plugin.toml:", hint="\n  ".join(found))
