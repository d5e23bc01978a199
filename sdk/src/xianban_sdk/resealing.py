"""Encrypted columns again under the current master secret, row by row, while the suite runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    func,
    literal,
    select,
    update,
)

from xianban_sdk.app import Service, database_url
from xianban_sdk.moving import as_stored
from xianban_sdk.settings import Settings
from xianban_sdk.storage.encryption import Cipher, Encrypted
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.keys import Keyring
from xianban_sdk.storage.tables import sdk_metadata

__all__ = ["Resealed", "reseal"]

_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Resealed:
    """`left` counts values that other code seals for itself and that are under an older secret
    still: answers kept for retries, positions, states of rule packs. They are gone in thirty
    days, or written anew before."""

    service: str
    rows: int
    left: int


def reseal(services: Sequence[Service], settings: Settings, keyring: Keyring) -> list[Resealed]:
    """Each service's; again at any time, it goes on where it was."""
    cipher = Cipher(keyring)
    return [_service(one, settings, cipher) for one in services]


def _service(service: Service, settings: Settings, cipher: Cipher) -> Resealed:
    db = Database.open(database_url(service.name, settings), owner=service.name)
    own = service.metadata.sorted_tables if service.metadata is not None else []
    try:
        rows = left = 0
        for table in (*sdk_metadata.sorted_tables, *own):
            stored = as_stored(table)
            for column in table.columns:
                if isinstance(column.type, Encrypted):
                    place = _Place(stored, column.key, column.type.context.encode())
                    rows += _renew(db, place, cipher)
                elif isinstance(column.type, LargeBinary):
                    left += _count(db, _Place(stored, column.key), cipher)
        return Resealed(service.name, rows, left)
    finally:
        db.close()


@dataclass(frozen=True, slots=True)
class _Place:
    """A column as its bytes are stored."""

    table: Table
    key: str
    context: bytes = b""

    def under_an_older_secret(self, cipher: Cipher) -> ColumnElement[bool]:
        marks = func.substr(self.table.c[self.key], 1, len(cipher.mark))
        return marks.in_([literal(each, LargeBinary()) for each in cipher.older_marks])


def _renew(db: Database, place: _Place, cipher: Cipher) -> int:
    column, keys = place.table.c[place.key], list(place.table.primary_key.columns)
    query = select(*keys, column).where(place.under_an_older_secret(cipher)).limit(_BATCH)
    done = 0
    while found := _all(db, query):
        with db.begin() as conn:
            for *ids, sealed in found:
                plain = cipher.decrypt(bytes(sealed), place.context)
                # Unless somebody wrote another value meanwhile.
                same = [key == value for key, value in zip(keys, ids, strict=True)]
                change = update(place.table).where(*same, column == sealed)
                fresh = {place.key: cipher.encrypt(plain, place.context)}
                done += conn.execute(change.values(fresh)).rowcount
    return done


def _count(db: Database, place: _Place, cipher: Cipher) -> int:
    query = select(func.count()).where(place.under_an_older_secret(cipher))
    return _all(db, query.select_from(place.table))[0][0]


def _all(db: Database, query: Select[Any]) -> list[Any]:
    with db.read() as conn:
        return list(conn.execute(query))
