"""First answers by request id, kept in the same transaction as what they answer."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from xianban_sdk.errors import AlreadyExists
from xianban_sdk.storage.tables import idempotency
from xianban_sdk.storage.upsert import insert_new

__all__ = ["RequestKey", "claim", "complete"]


@dataclass(frozen=True)
class RequestKey:
    """A request id belongs to one principal and one method."""

    principal: str
    method: str
    request_id: str


def claim(conn: Connection, key: RequestKey, body: bytes, now: datetime) -> bytes | None:
    """None: this call is the first, go on and `complete`. Else the first call's answer.

    The claim is made in the business transaction: a second call waits for the first to commit,
    and finds nothing when it was rolled back.
    """
    body_hash = hashlib.sha256(body).digest()
    row = {**vars(key), "body_hash": body_hash, "response": None, "created_at": now}
    if insert_new(conn, idempotency, row):
        return None
    first = conn.execute(
        select(idempotency.c.body_hash, idempotency.c.response).where(_is(key))
    ).one()
    if not hmac.compare_digest(first.body_hash, body_hash):
        raise AlreadyExists("REQUEST_ID_REUSED", field="request_id")
    return bytes(first.response)


def complete(conn: Connection, key: RequestKey, response: bytes) -> None:
    """Keep the answer that later calls with this id get."""
    conn.execute(update(idempotency).where(_is(key)).values(response=response))


def _is(key: RequestKey):
    return (
        (idempotency.c.principal == key.principal)
        & (idempotency.c.method == key.method)
        & (idempotency.c.request_id == key.request_id)
    )
