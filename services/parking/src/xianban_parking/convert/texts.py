"""Derivations and price boards in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.clock import SHANGHAI

from xianban_parking.domain.tariff import describe_tariff, tariff_from_dict
from xianban_parking.errors import TEXT_PACKAGE
from xianban_parking.events import yuan
from xianban_parking.repository.rows import TariffRow

__all__ = ["name_in", "quote", "sentences", "summary"]

# What a list has room for; the detail page shows every sentence.
SUMMARY_KEYS = ("tariff.free_minutes", "tariff.unit", "tariff.step", "tariff.cap", "tariff.visit")
SUMMARY_LENGTH = 4


def name_in(names: Mapping[str, str], locale: str) -> str:
    """The name in the reader's language, else in Chinese, else in any."""
    return names.get(locale) or names.get("zh-CN") or next(iter(names.values()), "")


def quote(stored: Mapping[str, Any], locale: str) -> pb.Quote:
    """A kept derivation, line by line in words."""
    if not stored:
        return pb.Quote()
    return pb.Quote(
        total_fen=int(stored["total_fen"]),
        tariff_version=int(stored.get("version", 0)),
        minutes=int(stored.get("minutes", 0)),
        lines=[
            pb.QuoteLine(
                key=line["key"],
                text=_text(line["key"], line["params"], locale),
                amount_fen=int(line["amount_fen"]),
            )
            for line in stored["lines"]
        ],
    )


def sentences(row: TariffRow, locale: str) -> list[str]:
    """The price board."""
    return list(_sentences(_frozen(row), locale, False))


def summary(row: TariffRow | None, locale: str) -> str:
    """The tariff in one sentence."""
    if row is None:
        return ""
    return _summary(_frozen(row), locale)


@lru_cache(maxsize=4096)
def _summary(rules: bytes, locale: str) -> str:
    separator = i18n.text("list-separator", locale, TEXT_PACKAGE)
    return separator.join(_sentences(rules, locale, True))


def _frozen(row: TariffRow) -> bytes:
    head = {"id": row.lot, "version": row.version, "effective_from": row.effective_at.isoformat()}
    return orjson.dumps({**row.rules, **head})


@lru_cache(maxsize=4096)
def _sentences(rules: bytes, locale: str, short: bool) -> tuple[str, ...]:
    facts = describe_tariff(tariff_from_dict(orjson.loads(rules)))
    chosen = [fact for fact in facts if not short or fact.key.startswith(SUMMARY_KEYS)]
    told = [_text(fact.key, fact.params, locale) for fact in chosen]
    return tuple(told[:SUMMARY_LENGTH] if short else told)


def _text(key: str, params: Mapping[str, Any], locale: str) -> str:
    message = key.replace(".", "-").replace("_", "-")
    spoken = params.get(f"name_{locale}") or params.get("name_zh-CN")
    params = {**params, "name": spoken} if spoken else params
    shown = {name.replace("_", "-"): _shown(name, value, locale) for name, value in params.items()}
    scope = _when(params, locale)
    return i18n.text(message, locale, TEXT_PACKAGE, scope=scope, **shown)


def _shown(name: str, value: Any, locale: str) -> str:
    if name.endswith("_fen"):
        return yuan(int(value))
    if name in ("day_kind", "days", "vehicles") and isinstance(value, str):
        joiner = i18n.text("word-separator", locale, TEXT_PACKAGE)
        return joiner.join(_word(each, locale) for each in value.split())
    if name == "name":
        # An operator's own name stays as it is; ours are known words.
        return i18n.catalogue(TEXT_PACKAGE).find(f"word-{value}", locale, {}) or str(value)
    if name in ("from", "to") and "T" in str(value):
        return datetime.fromisoformat(str(value)).astimezone(SHANGHAI).strftime("%H:%M")
    # As text: Fluent would group the digits of a year.
    return str(value)


def _word(word: str, locale: str) -> str:
    return i18n.text(f"word-{word}".replace("_", "-"), locale, TEXT_PACKAGE)


def _when(params: Mapping[str, Any], locale: str) -> str:
    """For which vehicles, days and hours a sentence of the price board holds."""
    parts = [_shown(name, params[name], locale) for name in ("vehicles", "days") if name in params]
    if "from" in params and "band" in params and "day" not in params:
        whole_day = params["from"] == params["to"]
        parts += [] if whole_day else [f"{params['from']}–{params['to']}"]
    joined = " ".join(str(part) for part in parts)
    return i18n.text("scope", locale, TEXT_PACKAGE, what=joined) if joined else ""
