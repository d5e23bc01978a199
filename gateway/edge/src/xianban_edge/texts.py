"""The edge's words in both languages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource

LOCALES = ("zh-CN", "en")


class MissingText(LookupError):
    """A key that a locale file lacks."""


@cache
def _bundle(locale: str) -> FluentBundle:
    source = files("xianban_edge").joinpath("locale", f"{locale}.ftl").read_text("utf-8")
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource(source))
    return bundle


def has(locale: str, key: str) -> bool:
    return _bundle(locale).has_message(key)


def text(locale: str, key: str, **args: str | int) -> str:
    pattern = _bundle(locale).get_message(key).value if has(locale, key) else None
    if pattern is None:
        raise MissingText(f"{key} ({locale})")
    value, errors = _bundle(locale).format_pattern(pattern, args)
    if errors:
        raise MissingText(f"{key} ({locale}): {errors}")
    return str(value)
