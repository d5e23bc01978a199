"""Texts for people, in zh-CN and en, from each package's ``locale/*.ftl`` (Project Fluent)."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fluent.runtime import FluentBundle, FluentResource

__all__ = [
    "DEFAULT_LOCALE",
    "LOCALES",
    "Catalogue",
    "catalogue",
    "lend",
    "negotiate",
    "place",
    "register",
    "text",
]

LOCALES: Final = ("zh-CN", "en")
DEFAULT_LOCALE: Final = "zh-CN"
SDK_PACKAGE: Final = "xianban_sdk"
# Packages that are not on the path, by name.
_placed: Final[dict[str, Path]] = {}
# A header is a stranger's input: nobody reads more languages than this.
_MAX_LANGUAGES: Final = 16


class Catalogue:
    """One package's texts in every locale it ships."""

    def __init__(self, package: str) -> None:
        self.package = package
        # Read at first use: a start does not wait for texts that nobody has asked for yet.
        self._bundles: dict[str, FluentBundle] = {}
        self._lent: dict[str, Catalogue] = {}

    def borrow(self, other: Catalogue) -> None:
        """Looks there for what is not here; nothing of its own is ever replaced."""
        self._lent[other.package] = other

    def keys(self, locale: str) -> frozenset[str]:
        """The message keys, for the parity check."""
        messages: dict[str, Any] = self._bundle(locale)._messages  # pyright: ignore[reportPrivateUsage]
        return frozenset(messages)

    def find(self, key: str, locale: str, params: dict[str, Any]) -> str | None:
        """The text, or None when neither this package nor one that lends to it has such a key."""
        bundle = self._bundle(locale if locale in LOCALES else DEFAULT_LOCALE)
        if not bundle.has_message(key):
            found = (other.find(key, locale, params) for other in self._lent.values())
            return next((one for one in found if one is not None), None)
        pattern = bundle.get_message(key).value
        if pattern is None:
            return None
        # A missing variable is shown as {$name} by Fluent; the text is still better than none.
        formatted, _problems = bundle.format_pattern(pattern, params)
        return str(formatted)

    def renew(self) -> None:
        """Reads the texts again when they are next asked for."""
        self._bundles = {}

    def _bundle(self, locale: str) -> FluentBundle:
        bundles = self._bundles
        if locale not in bundles:
            bundles[locale] = _bundle(self.package, locale)
        return bundles[locale]


def _bundle(package: str, locale: str) -> FluentBundle:
    bundle = FluentBundle([locale], use_isolating=False)
    source = _folder(package).joinpath("locale", f"{locale}.ftl")
    if source.is_file():
        bundle.add_resource(FluentResource(source.read_text("utf-8")))
    return bundle


@cache
def catalogue(package: str) -> Catalogue:
    """The package's texts, read once."""
    return Catalogue(package)


def register(package: str) -> Catalogue:
    """Makes a package's texts known; LookupError when it has none in one of the languages.

    That every line of them can be read is for `tests/architecture` to say, not for each start.
    """
    found = _folder(package).joinpath("locale")
    missing = [one for one in LOCALES if not found.joinpath(f"{one}.ftl").is_file()]
    if found.is_dir() and missing:
        raise LookupError(f"{package}/locale lacks {', '.join(missing)}")
    return catalogue(package)


def place(package: str, folder: Path) -> None:
    """Where a package lies that this process can't import: a plugin in a directory of its own.

    Its texts are read anew: this may be its next version. A package that can be imported keeps its
    own: nobody replaces the host's by taking its name.
    """
    _placed[package] = folder
    catalogue(package).renew()


def _folder(package: str) -> Path:
    # Found, not imported: finding runs no code of a package that is no part of another.
    # Before what was placed: a plugin's package that is called like ours must not speak for us.
    spec = find_spec(package)
    places = (spec.submodule_search_locations if spec else None) or []
    found = next(map(Path, places), None) or _placed.get(package)
    if found is None:
        raise LookupError(f"{package} is not installed")
    return found


def lend(package: str, to: str) -> None:
    """A plugin's texts are found under its host's name too; LookupError as in `register`.

    Texts alone are read: the plugin may run elsewhere, and its code must not run here.
    """
    if not package.isidentifier():
        raise LookupError(f"{package!r} is no name of a package")
    catalogue(to).borrow(register(package))


def text(key: str, locale: str, package: str = SDK_PACKAGE, /, **params: Any) -> str:
    """The text of ``key`` in the package, else in the SDK, else the key itself."""
    for name in (package, SDK_PACKAGE):
        found = catalogue(name).find(key, locale, params)
        if found is not None:
            return found
    return key


# Bounded: the header is a stranger's input.
@lru_cache(maxsize=256)
def negotiate(accept_language: str) -> str:
    """The supported locale that an Accept-Language header likes best."""
    best, best_quality = DEFAULT_LOCALE, 0.0
    for part in accept_language[:512].split(",")[:_MAX_LANGUAGES]:
        tag, _, parameters = part.strip().partition(";")
        locale, quality = _supported(tag.strip()), _quality(parameters)
        if locale is not None and quality > best_quality:
            best, best_quality = locale, quality
    return best


def _supported(tag: str) -> str | None:
    language = tag.lower().split("-")[0]
    return {"zh": "zh-CN", "en": "en", "*": DEFAULT_LOCALE}.get(language)


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
