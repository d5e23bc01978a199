"""Who asks decides what can be found: every repository is opened with the caller's scope."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Select, false, or_, select, true
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.identity.access import Scope
from xianban_sdk.storage import decode_page, encode_page

from xianban_parking.repository.tables import lot

__all__ = ["MACHINE", "PUBLIC", "Page", "Repository", "Scope", "page_of"]

Row = TypeVar("Row")

DEFAULT_PAGE = 50
EVERYWHERE = ""

# The service's own work (gates, timers, feeds): no person acts, nothing is narrowed.
MACHINE = Scope(actor="parking", subject=None, areas=(EVERYWHERE,), roles=frozenset({"machine"}))
# Anybody: sees what is public and nobody's data.
PUBLIC = Scope(actor="", subject=None, areas=(), roles=frozenset())


class Repository:
    """Rows of one connection, narrowed to what a scope may see."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self.conn = conn
        self.scope = scope

    def own(self, resident: Column[Any]) -> ColumnElement[bool]:
        """Rows of the resident the call is about; of nobody when it is about none."""
        if self.scope is MACHINE:
            return true()
        if self.scope.subject is None:
            return false()
        return resident == self.scope.subject

    def in_areas(self, lot_id: Column[Any]) -> ColumnElement[bool]:
        """Rows of lots within the areas of the caller's staff roles."""
        if self.scope is MACHINE:
            return true()
        return lot_id.in_(select(lot.c.id).where(within(self.scope.areas)))

    def visible(self, resident: Column[Any], lot_id: Column[Any]) -> ColumnElement[bool]:
        """The subject's own rows, or, where no subject is named, those of the caller's areas."""
        if self.scope.subject is not None:
            return self.own(resident)
        return self.in_areas(lot_id)


def within(areas: tuple[str, ...]) -> ColumnElement[bool]:
    """Lots whose area lies under one of the paths."""
    return or_(false(), *(_under(area) for area in areas))


def _under(area: str) -> ColumnElement[bool]:
    if area == EVERYWHERE:
        return true()
    return or_(lot.c.area == area, lot.c.area.startswith(area.rstrip("/") + "/", autoescape=True))


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
    conn: Connection, query: Select[Any], page: Page, kind: type[Row], key: str
) -> tuple[list[Row], str]:
    """One page and the token of the next; the query is already ordered and positioned."""
    found = conn.execute(query.limit(page.size + 1)).mappings().all()
    rows = [kind(**row) for row in found[: page.size]]
    more = len(found) > page.size
    return rows, page.token(found[page.size - 1][key]) if more else ""


def _digest(question: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
