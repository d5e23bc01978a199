"""Idempotency of mutations: the same request id and body get the first answer."""

from __future__ import annotations

from google.protobuf.message import Message

from xianban_sdk.errors import InvalidArgument
from xianban_sdk.rpc.call import Call
from xianban_sdk.rpc.methods import Method
from xianban_sdk.storage.encryption import Cipher
from xianban_sdk.storage.idempotency import RequestKey, claim, complete, earlier
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
        with self._call.db.read() as conn:
            sealed = earlier(conn, self._key, self._body)
        return None if sealed is None else self._open(sealed)

    def claim(self, uow: UnitOfWork) -> None:
        """Makes this call the first, in its transaction; raises Replayed when it is not."""
        sealed = claim(uow.conn, self._key, self._body, uow.clock.now())
        if sealed is not None:
            raise Replayed(self._open(sealed))

    def complete(self, uow: UnitOfWork, response: Message) -> None:
        """Keeps the answer."""
        sealed = self._cipher.encrypt(response.SerializeToString(), b"idempotency")
        complete(uow.conn, self._key, sealed)

    def _open(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed, b"idempotency")
