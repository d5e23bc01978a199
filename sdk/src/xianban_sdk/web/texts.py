"""Fluent texts of a site with the kit's own as the ground under them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource

LOCALES = ("zh-CN", "en")
DEFAULT_LOCALE = LOCALES[0]
KIT = "xianban_sdk.web"

_log = logging.getLogger(__name__)


class MissingTextError(LookupError):
    """A key that no locale file has."""


def read_locale(package: str, locale: str) -> str:
    """The text of a package's `locale/<locale>.ftl`; empty where a package has none."""
    source = files(package).joinpath("locale", f"{locale}.ftl")
    return source.read_text("utf-8") if source.is_file() else ""


def _bundle(package: str, locale: str) -> FluentBundle:
    # Isolation marks would land in page titles and in what screen readers spell out.
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource(read_locale(package, locale)))
    return bundle


class Texts:
    """Looks a key up in the given packages, in order, then in the kit."""

    def __init__(self, packages: Sequence[str]) -> None:
        chain = dict.fromkeys([*packages, KIT])
        self._bundles = {
            locale: [_bundle(package, locale) for package in chain] for locale in LOCALES
        }

    def has(self, locale: str, key: str) -> bool:
        return any(bundle.has_message(key) for bundle in self._bundles[locale])

    def format(self, locale: str, key: str, **args: object) -> str:
        """The text; `MissingTextError` when nobody has the key."""
        for bundle in self._bundles[locale]:
            if bundle.has_message(key):
                return _pattern(bundle, key, args)
        raise MissingTextError(f"{key} ({locale})")


def _pattern(bundle: FluentBundle, key: str, args: dict[str, object]) -> str:
    pattern = bundle.get_message(key).value
    if pattern is None:
        raise MissingTextError(f"{key} has no value")
    text, errors = bundle.format_pattern(pattern, args)
    for error in errors:
        _log.warning("text %s: %s", key, error)
    return str(text)
