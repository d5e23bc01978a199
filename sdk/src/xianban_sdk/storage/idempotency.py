"""First answers by request id, kept in the same transaction as what they answer."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from xianban_sdk.errors import AlreadyExists
from xianban_sdk.storage.tables import idempotency
from xianban_sdk.storage.upsert import insert_new

__all__ = ["RequestKey", "claim", "complete", "earlier"]

# Made once: every mutation passes here.
_SAME = (
    (idempotency.c.principal == bindparam("of_principal"))
    & (idempotency.c.method == bindparam("of_method"))
    & (idempotency.c.request_id == bindparam("of_request"))
)
_FIRST = select(idempotency.c.body_hash, idempotency.c.response).where(_SAME)
_COMPLETE = update(idempotency).where(_SAME).values(response=bindparam("answer"))


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
    return None if insert_new(conn, idempotency, row) else earlier(conn, key, body)


def earlier(conn: Connection, key: RequestKey, body: bytes) -> bytes | None:
    """The answer of an earlier call; refuses a request id that was used for another body."""
    first = conn.execute(_FIRST, _names(key)).first()
    if first is None:
        return None
    if not hmac.compare_digest(first.body_hash, hashlib.sha256(body).digest()):
        raise AlreadyExists("REQUEST_ID_REUSED", field="request_id")
    return bytes(first.response)


def complete(conn: Connection, key: RequestKey, response: bytes) -> None:
    """Keep the answer that later calls with this id get."""
    conn.execute(_COMPLETE, {**_names(key), "answer": response})


def _names(key: RequestKey) -> dict[str, str]:
    return {
        "of_principal": key.principal,
        "of_method": key.method,
        "of_request": key.request_id,
    }
