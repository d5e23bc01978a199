"""A note that is kept in every language and told in the reader's: what a playbook writes down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from xianban_sdk import i18n

__all__ = ["story", "told"]


def story(of: Mapping[str, str], what: Mapping[str, str] | None = None, note: str = "") -> str:
    """`of` and `what` by locale; `note` is somebody's own words."""
    return orjson.dumps([dict(of), dict(what or {}), note]).decode()


def told(written: str, locale: str) -> str:
    """As a sentence: "Smoke and gas: Call to verify. Nobody answers." """
    of, what, note = orjson.loads(written)
    first = ": ".join(_in(one, locale) for one in (of, what) if one)
    return f"{first} · {note}" if note else first


def _in(texts: dict[str, Any], locale: str) -> str:
    return str(texts.get(locale) or texts.get(i18n.DEFAULT_LOCALE, ""))
