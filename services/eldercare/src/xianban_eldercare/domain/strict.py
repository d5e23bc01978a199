"""Reading rule files strictly: every key is asked for, of the right kind, and none is left over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypeVar, cast

from xianban_eldercare.domain.errors import RulesError

__all__ = ["LOCALES", "Table", "words"]

# Key in a rule file → locale.
LOCALES: Final = {"zh": "zh-CN", "en": "en"}

Kind = TypeVar("Kind")


class Table:
    """One table of a rule file; `close` refuses keys that nobody has asked for."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._data = data
        self._asked: set[str] = set()
        self.where = where

    def has(self, key: str) -> bool:
        return key in self._data

    def text(self, key: str) -> str:
        found = self._get(key, str).strip()
        if not found:
            raise RulesError(f"{self.where}.{key}: empty")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = cast("list[object]", self._get(key, list))
        if not all(isinstance(one, str) and one for one in found):
            raise RulesError(f"{self.where}.{key}: not a list of texts")
        return tuple(cast("list[str]", found))

    def pair(self, key: str) -> tuple[str, str]:
        found = self.texts(key)
        if len(found) != 2 or found[0] > found[1]:
            raise RulesError(f"{self.where}.{key}: not a first and a last")
        return found[0], found[1]

    def number(self, key: str, *, least: int = 0, most: int = 10_000) -> int:
        found = self._get(key, int)
        if isinstance(found, bool) or not least <= found <= most:
            raise RulesError(f"{self.where}.{key}: {found} is not from {least} to {most}")
        return found

    def numbers(self, key: str) -> tuple[int, ...]:
        found = cast("list[object]", self._get(key, list))
        if not found or not all(type(one) is int for one in found):
            raise RulesError(f"{self.where}.{key}: not a list of whole numbers")
        return tuple(cast("list[int]", found))

    def day(self, key: str) -> date:
        found = self._get(key, date)
        if type(found) is not date:
            raise RulesError(f"{self.where}.{key}: a day without a time is wanted")
        return found

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        found = self.text(key)
        if found not in allowed:
            raise RulesError(f"{self.where}.{key}: {found!r} is none of {allowed}")
        return found

    def table(self, key: str) -> Table:
        return Table(cast("dict[str, Any]", self._get(key, dict)), f"{self.where}.{key}")

    def tables(self, key: str) -> list[Table]:
        found = cast("list[object]", self._get(key, list))
        if not found or not all(isinstance(one, dict) for one in found):
            raise RulesError(f"{self.where}.{key}: not a list of tables")
        named = enumerate(cast("list[dict[str, Any]]", found))
        return [Table(one, f"{self.where}.{key}[{at}]") for at, one in named]

    def close(self) -> None:
        left = sorted(set(self._data) - self._asked)
        if left:
            raise RulesError(f"{self.where}: unknown {', '.join(left)}")

    def _get(self, key: str, kind: type[Kind]) -> Kind:
        self._asked.add(key)
        found = self._data.get(key)
        if not isinstance(found, kind):
            raise RulesError(f"{self.where}.{key}: {kind.__name__} wanted")
        return found


def words(table: Table, prefix: str = "") -> dict[str, str]:
    """Locale → text, of the keys `zh` and `en`, or `<prefix>_zh` and `<prefix>_en`."""
    before = f"{prefix}_" if prefix else ""
    return {locale: table.text(before + key) for key, locale in LOCALES.items()}
