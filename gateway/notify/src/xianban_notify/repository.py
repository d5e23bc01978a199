"""Messages in the database. Every query is narrowed to the person of the caller's scope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    Text,
    func,
    select,
    update,
)
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.identity import Scope
from xianban_sdk.storage import (
    Encrypted,
    Instant,
    decode_page,
    encode_page,
    insert_new,
    keyed_hash,
)

from xianban_notify.domain import Message

metadata = MetaData()
message = Table(
    "message",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("recipient", String(64), nullable=False),
    Column("domain", String(64), nullable=False),
    Column("template", String(128), nullable=False),
    Column("params", Encrypted(Text, "message.params"), nullable=False),
    Column("link", Encrypted(Text, "message.link"), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("subject", String(64), nullable=False),
    Column("dedupe_key", String(512), nullable=False),
    # Domain, recipient and key in one keyed hash: told once, whoever asks twice.
    Column("dedupe_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("read_at", Instant, nullable=True),
    Index("message_by_recipient", "recipient", "id"),
)

DEFAULT_PAGE = 50


def add(conn: Connection, new: Message) -> bool:
    """False when this message was told already."""
    row = dict(new.__dict__, params=orjson.dumps(dict(new.params)).decode())
    row["dedupe_hash"] = keyed_hash(f"{new.domain}\n{new.recipient}\n{new.dedupe_key}")
    return insert_new(conn, message, row)


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
        found = [_loaded(row) for row in self._conn.execute(query).mappings()]
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
        return [_loaded(row) for row in rows]

    def get(self, message_id: str) -> Message | None:
        query = select(message).where(self._own(), message.c.id == message_id)
        row = self._conn.execute(query).mappings().first()
        return _loaded(row) if row else None

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


def _loaded(row: Any) -> Message:
    values = {name: value for name, value in row.items() if name != "dedupe_hash"}
    return Message(**values | {"params": orjson.loads(row["params"])})
