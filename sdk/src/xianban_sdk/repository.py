"""Who asks decides what can be found: every repository is opened with the caller's scope."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Select, false, or_, true

from xianban_sdk.errors import InvalidArgument
from xianban_sdk.identity.access import Scope
from xianban_sdk.storage.paging import decode_page, encode_page

__all__ = [
    "PUBLIC",
    "MachineScope",
    "Page",
    "Repository",
    "Scope",
    "columns",
    "covers",
    "page_of",
    "within",
]

Row = TypeVar("Row")

DEFAULT_PAGE: Final = 50
EVERYWHERE: Final = ""

# Anybody: sees what is public and nobody's data.
PUBLIC: Final = Scope(actor="")


class MachineScope(Scope):
    """The service's own work (devices, timers, feeds): no person acts, nothing is narrowed.

    A type of its own: no token, role or relation can make a caller's scope one.
    """

    def __init__(self, service: str) -> None:
        super().__init__(actor=service, areas=(EVERYWHERE,))


class Repository:
    """Rows of one connection, narrowed to what a scope may see."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self.conn = conn
        self.scope = scope

    @property
    def unrestricted(self) -> bool:
        """True for the service's own work."""
        return isinstance(self.scope, MachineScope)

    def own(self, resident: Column[Any]) -> ColumnElement[bool]:
        """Rows of the resident the call is about; of nobody when it is about none."""
        if self.unrestricted:
            return true()
        if self.scope.subject is None:
            return false()
        return resident == self.scope.subject


def within(areas: tuple[str, ...], area: Column[Any]) -> ColumnElement[bool]:
    """Rows whose area lies under one of the paths, e.g. "310120/nanqiao"."""
    return or_(false(), *(_under(path, area) for path in areas))


def covers(areas: tuple[str, ...], area: str) -> bool:
    """As :func:`within`, of one area."""
    return any(path in (EVERYWHERE, area) or _lies_under(path, area) for path in areas)


def _lies_under(path: str, area: str) -> bool:
    return area.startswith(path.rstrip("/") + "/")


def _under(path: str, area: Column[Any]) -> ColumnElement[bool]:
    if path == EVERYWHERE:
        return true()
    return or_(area == path, area.startswith(path.rstrip("/") + "/", autoescape=True))


class Page:
    """Where a list goes on; the token holds only for the same question."""

    def __init__(self, size: int, token: str, **question: Any) -> None:
        self.size = size or DEFAULT_PAGE
        self._question = _digest(question)
        position = decode_page(token)
        if position and position.get("q") != self._question:
            raise InvalidArgument("PAGE_TOKEN_INVALID", field="page_token")
        self.after: Any = position.get("after")

    def token(self, after: Any) -> str:
        return encode_page({"q": self._question, "after": after})


def page_of(
    conn: Connection, query: Select[Any], page: Page, kind: Callable[..., Row], *keys: str
) -> tuple[list[Row], str]:
    """One page and the token of the next; the query is already ordered by `keys` and positioned.

    `page.after` of the next page is the last row's key, or the list of its keys.
    """
    found = conn.execute(query.limit(page.size + 1)).mappings().all()
    rows = [kind(**row) for row in found[: page.size]]
    if len(found) <= page.size:
        return rows, ""
    last = [found[page.size - 1][key] for key in keys]
    return rows, page.token(last if len(keys) > 1 else last[0])


def columns(row: Any) -> dict[str, Any]:
    """The row, a dataclass with the columns' names as fields, as a statement's values."""
    return {item.name: getattr(row, item.name) for item in fields(row)}


def _digest(question: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
