"""Idempotency of mutations: the same request id and body get the first answer."""

from __future__ import annotations

import hashlib
import hmac

from google.protobuf.message import Message
from sqlalchemy import select

from xianban_sdk.errors import AlreadyExists, InvalidArgument
from xianban_sdk.rpc.call import Call
from xianban_sdk.rpc.methods import Method
from xianban_sdk.storage.encryption import Cipher
from xianban_sdk.storage.idempotency import RequestKey, claim, complete
from xianban_sdk.storage.tables import idempotency
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["FirstAnswer", "Replayed"]


class Replayed(Exception):
    """A concurrent call with the same request id was first; carries its answer."""

    def __init__(self, response: bytes) -> None:
        super().__init__("replayed")
        self.response = response


class FirstAnswer:
    """The stored answer of one request id; answers are encrypted at rest."""

    def __init__(self, method: Method, call: Call, request: Message, cipher: Cipher) -> None:
        request_id: str = getattr(request, "request_id", "")
        if not request_id:
            raise InvalidArgument("REQUEST_ID_MISSING", field="request_id")
        self._key = RequestKey(call.actor, method.path, request_id)
        self._body = request.SerializeToString(deterministic=True)
        self._cipher = cipher
        self._call = call

    def find(self) -> bytes | None:
        """The answer of an earlier call, looked up before anything is done."""
        table = idempotency.c
        query = select(table.body_hash, table.response).where(
            (table.principal == self._key.principal)
            & (table.method == self._key.method)
            & (table.request_id == self._key.request_id)
        )
        with self._call.db.read() as conn:
            first = conn.execute(query).first()
        if first is None:
            return None
        if not hmac.compare_digest(first.body_hash, hashlib.sha256(self._body).digest()):
            raise AlreadyExists("REQUEST_ID_REUSED", field="request_id")
        return self._open(bytes(first.response))

    def claim(self, uow: UnitOfWork) -> None:
        """Makes this call the first, in its transaction; raises Replayed when it is not."""
        earlier = claim(uow.conn, self._key, self._body, uow.clock.now())
        if earlier is not None:
            raise Replayed(self._open(earlier))

    def complete(self, uow: UnitOfWork, response: Message) -> None:
        """Keeps the answer."""
        sealed = self._cipher.encrypt(response.SerializeToString(), b"idempotency")
        complete(uow.conn, self._key, sealed)

    def _open(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed, b"idempotency")
