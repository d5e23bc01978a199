"""A message's words outside of the portal, from the texts of the domain that asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource
from xianban_sdk.i18n import text
from xianban_sdk.names import said

from xianban_notify.domain import Message

PACKAGE = "xianban_notify"


@dataclass(frozen=True)
class Words:
    """What a channel shows."""

    title: str
    body: str


@cache
def _texts(domain: str, locale: str) -> FluentBundle:
    """The domain's own and its pages' texts; its code is not loaded for that."""
    bundle = FluentBundle([locale], use_isolating=False)
    for point in entry_points(group="xianban.services", name=domain):
        root = files(point.module.partition(".")[0])
        for folder in ("locale", "web/locale"):
            source = root.joinpath(folder, f"{locale}.ftl")
            if source.is_file():
                bundle.add_resource(FluentResource(source.read_text("utf-8")))
    return bundle


def _find(domain: str, locale: str, key: str, params: dict[str, str]) -> str:
    bundle = _texts(domain, locale)
    pattern = bundle.get_message(key).value if bundle.has_message(key) else None
    if pattern is None:
        return ""
    formatted, _problems = bundle.format_pattern(pattern, params)
    return str(formatted)


def words(message: Message, locale: str) -> Words:
    """In the person's language; a template nobody knows is a plain notice."""
    key, params = f"message-{message.template}", said(message.params)
    title = _find(message.domain, locale, f"{key}-title", params)
    body = _find(message.domain, locale, key, params)
    return Words(
        title or text("messages-unknown-title", locale, PACKAGE, service=message.domain),
        body or text("messages-unknown", locale, PACKAGE),
    )


def code_words(code: str, locale: str) -> Words:
    """What confirms an address."""
    return Words(
        text("address-code-title", locale, PACKAGE),
        text("address-code", locale, PACKAGE, code=code),
    )


def name_of(names: Mapping[str, str], locale: str) -> str:
    """A channel's name; plugins bring both languages."""
    return names.get(locale) or names.get("zh-CN") or next(iter(names.values()), "")
