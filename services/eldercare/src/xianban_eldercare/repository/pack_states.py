"""What rule packs know of people: read before they are asked, kept with what they found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import LargeBinary, bindparam, select, type_coerce, update
from xianban_sdk.errors import Unavailable
from xianban_sdk.storage.encryption import installed_cipher
from xianban_sdk.storage.upsert import insert_all_new
from xianban_sdk.telemetry import log

from xianban_eldercare.domain.rule_packs import Marks
from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.tables import pack_state

__all__ = ["PackState", "PackStates"]

_t = pack_state
_SEALED: Final = b"pack_state.state"
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
    .execution_options(preserve_rowcount=True)
)


@dataclass(frozen=True, slots=True)
class PackState:
    """One pack's knowledge of one person. `revision` 0: there is none yet."""

    resident: str
    pack: str
    marks: Marks = field(default_factory=Marks)
    state: str = ""
    revision: int = 0


class PackStates(Repository):
    """Nobody but the service reads these; they leave with their person."""

    def of(self, residents: Collection[str], pack: str) -> dict[str, PackState]:
        """Resident → what one pack knows."""
        sealed = type_coerce(_t.c.state, LargeBinary).label("state")
        query = select(_t.c.resident, _t.c.pack, _t.c.marks, _t.c.revision, sealed).where(
            _t.c.resident.in_(residents), _t.c.pack == pack, self.visible(_t.c.resident)
        )
        return {row.resident: _read(row) for row in self.conn.execute(query)}

    def save(self, states: Sequence[PackState], version: str, at: datetime) -> None:
        """All or nothing: who was judged elsewhere meanwhile must be judged anew.

        Raises UNAVAILABLE then, so that the sender asks again; nothing of the batch is kept.
        """
        # In one order: transactions that change the same people wait, never in a ring.
        ordered = sorted(states, key=lambda one: one.resident)
        old = [_changed(one, version, at) for one in ordered if one.revision]
        new = [_made(one, version, at) for one in ordered if not one.revision]
        if new and not insert_all_new(self.conn, _t, new):
            raise Unavailable("RULES_BUSY")
        if old and self.conn.execute(_SAVE, old).rowcount != len(old):
            raise Unavailable("RULES_BUSY")


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


def _marks(marks: Marks) -> str:
    return orjson.dumps(asdict(marks)).decode()
