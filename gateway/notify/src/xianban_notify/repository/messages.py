"""Messages in the database. Every query is narrowed to the person of the caller's scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, func, insert, select, update
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.identity import Scope
from xianban_sdk.names import people
from xianban_sdk.storage import decode_page, encode_page, insert_new, keyed_hash

from xianban_notify.domain import Message
from xianban_notify.repository.tables import message, message_name

DEFAULT_PAGE = 50
_NOT_OF_MESSAGE: Final = frozenset({"dedupe_hash", "planned_at"})


def add(conn: Connection, new: Message) -> bool:
    """False when this message was told already."""
    row = dict(new.__dict__, params=orjson.dumps(dict(new.params)).decode())
    row["dedupe_hash"] = keyed_hash(f"{new.domain}\n{new.recipient}\n{new.dedupe_key}")
    if not insert_new(conn, message, row):
        return False
    for person in people(new.params) - {new.recipient, new.subject}:
        told = {"message": new.id, "person": person, "recipient": new.recipient}
        conn.execute(insert(message_name).values(told | {"created_at": new.created_at}))
    return True


class Messages:
    """One person's messages."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._conn = conn
        self._recipient = scope.subject or ""

    def listed(self, size: int, token: str, *, unread: bool) -> tuple[list[Message], str]:
        """A page, newest first, and the next page's token."""
        question = {"who": self._recipient, "unread": unread}
        before = _position(token, question)
        size = size or DEFAULT_PAGE
        query = select(message).where(self._own()).order_by(message.c.id.desc()).limit(size + 1)
        if unread:
            query = query.where(message.c.read_at.is_(None))
        if before:
            query = query.where(message.c.id < before)
        found = [loaded(row) for row in self._conn.execute(query).mappings()]
        more = encode_page(question | {"before": found[size - 1].id}) if len(found) > size else ""
        return found[:size], more

    def unread(self) -> int:
        mine = (self._own(), message.c.read_at.is_(None))
        return self._conn.execute(
            select(func.count()).select_from(message).where(*mine)
        ).scalar_one()

    def since(self, instant: datetime) -> list[Message]:
        """What arrived from then on, oldest first."""
        query = select(message).where(self._own(), message.c.created_at >= instant)
        rows = self._conn.execute(query.order_by(message.c.id).limit(200)).mappings()
        return [loaded(row) for row in rows]

    def get(self, message_id: str) -> Message | None:
        query = select(message).where(self._own(), message.c.id == message_id)
        row = self._conn.execute(query).mappings().first()
        return loaded(row) if row else None

    def save_read(self, read: Message) -> None:
        mine = (self._own(), message.c.id == read.id)
        self._conn.execute(update(message).where(*mine).values(read_at=read.read_at))

    def _own(self) -> ColumnElement[bool]:
        return message.c.recipient == self._recipient


def _position(token: str, question: dict[str, Any]) -> str:
    position = decode_page(token)
    if position and {name: position.get(name) for name in question} != question:
        raise InvalidArgument("PAGE_TOKEN_INVALID", field="page_token")
    return str(position.get("before", ""))


def loaded(row: Any) -> Message:
    """A row as the domain's message."""
    values = {name: value for name, value in row.items() if name not in _NOT_OF_MESSAGE}
    return Message(**values | {"params": orjson.loads(row["params"])})


def unplanned(conn: Connection, most: int) -> list[Message]:
    """What nobody has planned yet, oldest first; locked against other planners."""
    query = select(message).where(message.c.planned_at.is_(None)).order_by(message.c.id)
    rows = conn.execute(query.limit(most).with_for_update(skip_locked=True)).mappings()
    return [loaded(row) for row in rows]


def planned(conn: Connection, messages: Iterable[Message], now: datetime) -> None:
    """It is decided where these are sent."""
    done = message.c.id.in_([one.id for one in messages])
    conn.execute(update(message).where(done).values(planned_at=now))


def waits(conn: Connection) -> bool:
    """Whether there is anything to plan."""
    query = select(message.c.id).where(message.c.planned_at.is_(None)).limit(1)
    return conn.execute(query).first() is not None


def by_id(conn: Connection, ids: Iterable[str]) -> dict[str, Message]:
    """Messages for the service's own work."""
    rows = conn.execute(select(message).where(message.c.id.in_(list(ids)))).mappings()
    return {row["id"]: loaded(row) for row in rows}


def same_matter(conn: Connection, one: Message, recipient: str, since: datetime) -> list[Message]:
    """What a person was told since then of the same matter: domain, template and subject."""
    query = select(message).where(
        message.c.recipient == recipient,
        message.c.created_at >= since,
        message.c.domain == one.domain,
        message.c.template == one.template,
    )
    return [loaded(row) for row in conn.execute(query.limit(50)).mappings()]
