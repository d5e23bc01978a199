"""What rule packs know of people: read before they are asked, kept with what they found."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import LargeBinary, bindparam, select, type_coerce, update
from xianban_sdk.errors import Unavailable
from xianban_sdk.storage.among import among
from xianban_sdk.storage.encryption import installed_cipher
from xianban_sdk.storage.upsert import insert_all_new
from xianban_sdk.telemetry import log

from xianban_eldercare.domain.rule_packs import Marks
from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.tables import pack_state

__all__ = ["PackState", "PackStates"]

_t = pack_state
_SEALED: Final = b"pack_state.state"
_COUNTED: Final = {"preserve_rowcount": True}
_SAVE: Final = (
    update(_t)
    .where(
        _t.c.resident == bindparam("of"),
        _t.c.pack == bindparam("by"),
        _t.c.revision == bindparam("seen"),
    )
    .values(
        pack_version=bindparam("version"),
        marks=bindparam("new_marks"),
        state=bindparam("new_state"),
        revision=bindparam("next"),
        updated_at=bindparam("at"),
    )
    .execution_options(**_COUNTED)
)
# One statement for all of them; locked in their order first, for an UPDATE has none of its own.
_PG_SAVE: Final = """
WITH turn AS (
    SELECT t.resident, n.seen, n.marks, n.state
    FROM json_to_recordset(%s::json) AS n (resident text, seen bigint, marks json, state text)
    JOIN pack_state t ON t.resident = n.resident AND t.pack = %s AND t.revision = n.seen
    ORDER BY t.resident FOR UPDATE OF t
)
UPDATE pack_state t
SET pack_version = %s, marks = turn.marks::text, state = decode(turn.state, 'base64'),
    revision = turn.seen + 1, updated_at = %s
FROM turn WHERE t.resident = turn.resident AND t.pack = %s
"""


@dataclass(frozen=True, slots=True)
class PackState:
    """One pack's knowledge of one person. `revision` 0: there is none yet."""

    resident: str
    pack: str
    marks: Marks = field(default_factory=Marks)
    state: str = ""
    revision: int = 0

    def seen(self, marks: Marks) -> PackState:
        """Once the pack has seen that far."""
        return PackState(self.resident, self.pack, marks, self.state, self.revision)

    def answered(self, state: str) -> PackState:
        """With what the pack wants to know next time."""
        return PackState(self.resident, self.pack, self.marks, state, self.revision)


class PackStates(Repository):
    """Nobody but the service reads these; they leave with their person."""

    def of(self, residents: Collection[str], pack: str) -> dict[str, PackState]:
        """Resident → what one pack knows."""
        sealed = type_coerce(_t.c.state, LargeBinary).label("state")
        query = select(_t.c.resident, _t.c.pack, _t.c.marks, _t.c.revision, sealed).where(
            among(self.conn, _t.c.resident, residents),
            _t.c.pack == pack,
            self.visible(_t.c.resident),
        )
        return {row.resident: _read(row) for row in self.conn.execute(query)}

    def save(self, states: Sequence[PackState], version: str, at: datetime) -> None:
        """All or nothing: who was judged elsewhere meanwhile must be judged anew.

        Raises UNAVAILABLE then, so that the sender asks again; nothing of the batch is kept.
        """
        # In one order: transactions that change the same people wait, never in a ring.
        ordered = sorted(states, key=lambda one: one.resident)
        old = [one for one in ordered if one.revision]
        new = [_made(one, version, at) for one in ordered if not one.revision]
        if new and not insert_all_new(self.conn, _t, new):
            raise Unavailable("RULES_BUSY")
        if old and self._change(old, version, at) != len(old):
            raise Unavailable("RULES_BUSY")

    def _change(self, states: Sequence[PackState], version: str, at: datetime) -> int:
        if self.conn.dialect.name == "sqlite":
            changes = [_changed(one, version, at) for one in states]
            return self.conn.execute(_SAVE, changes).rowcount
        pack = states[0].pack
        told = (orjson.dumps([_told(one) for one in states]).decode(), pack, version, at, pack)
        return self.conn.exec_driver_sql(_PG_SAVE, told, execution_options=_COUNTED).rowcount


def _read(row: Any) -> PackState:
    marks: dict[str, Any] = orjson.loads(row.marks)
    kept = Marks(marks["newest"], tuple(marks["windows"]))
    return PackState(row.resident, row.pack, kept, _opened(row), row.revision)


def _opened(row: Any) -> str:
    """A state whose key is lost is empty: the pack begins anew, and the next one replaces it."""
    try:
        return installed_cipher().decrypt(bytes(row.state), _SEALED).decode()
    except (ValueError, InvalidTag):
        log.error("pack_state_unreadable", pack=row.pack, resident=row.resident)
        return ""


def _changed(one: PackState, version: str, at: datetime) -> dict[str, Any]:
    return {
        "of": one.resident,
        "by": one.pack,
        "seen": one.revision,
        "version": version,
        "new_marks": _marks(one.marks),
        "new_state": one.state,
        "next": one.revision + 1,
        "at": at,
    }


def _made(one: PackState, version: str, at: datetime) -> dict[str, Any]:
    return {
        "resident": one.resident,
        "pack": one.pack,
        "pack_version": version,
        "marks": _marks(one.marks),
        "state": one.state,
        "revision": 1,
        "updated_at": at,
    }


def _told(one: PackState) -> dict[str, Any]:
    sealed = installed_cipher().encrypt(one.state.encode(), _SEALED)
    return {
        "resident": one.resident,
        "seen": one.revision,
        "marks": one.marks,
        "state": b2a_base64(sealed, newline=False).decode(),
    }


def _marks(marks: Marks) -> str:
    return orjson.dumps(marks).decode()
