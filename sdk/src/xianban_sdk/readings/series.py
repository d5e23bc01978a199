"""Series: what one device tells of one subject, known by number once seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select, tuple_

from xianban_sdk.readings.kinds import Kind, Kinds
from xianban_sdk.readings.rules import Rule
from xianban_sdk.readings.tables import reading_latest, reading_series
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.upsert import insert_all_new

__all__ = ["Key", "Series", "SeriesBook", "ensure"]

# device, kind, subject
Key = tuple[str, str, str]

_MOST_KNOWN: Final = 500_000
_AT_ONCE: Final = 500
_t = reading_series
_IDENTITY: Final = tuple_(_t.c.device_key, _t.c.kind, _t.c.subject_key)


@dataclass(slots=True, eq=False)
class Series:
    """A series as ingest knows it; the last good number feeds the check for jumps."""

    id: int
    device: str
    kind: Kind
    subject: str
    good_at: int = 0
    good_value: float = 0.0
    rules: tuple[Rule, ...] = ()
    rules_until: float = 0.0
    # Between these no rule can begin: most readings cost two comparisons.
    calm_above: float = float("-inf")
    calm_below: float = float("inf")
    looked: dict[str, int] = field(default_factory=dict[str, int])


class SeriesBook:
    """The series of one database; what a transaction made is known once it has committed."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self.known: dict[Key, Series] = {}

    def learn(self, conn: Connection, keys: Collection[Key]) -> dict[Key, Series]:
        """Find or make the series of keys that are not known; nothing is remembered yet."""
        found: dict[Key, Series] = {}
        ordered = sorted(keys)
        for first in range(0, len(ordered), _AT_ONCE):
            part = ordered[first : first + _AT_ONCE]
            for key, row in ensure(conn, part).items():
                kind = self._kinds[key[1]]
                good = (row.good_at or 0, row.good_value or 0.0)
                found[key] = Series(row.id, key[0], kind, key[2], *good)
        return found

    def remember(self, found: Mapping[Key, Series]) -> None:
        """Keep what is committed; when full, forget everything: it is learnt again."""
        if len(self.known) + len(found) > _MOST_KNOWN:
            self.known = {}
        self.known.update(found)

    def forget(self) -> None:
        """Learn everything anew, e.g. after an erasure."""
        self.known = {}


def ensure(conn: Connection, keys: Iterable[Key]) -> dict[Key, Any]:
    """The rows of the keys, made where missing, with their last good number."""
    hashed = {(keyed_hash(d), kind, keyed_hash(s)): (d, kind, s) for d, kind, s in keys}
    rows = _rows(conn, hashed)
    missing = [one for one in hashed if one not in rows]
    if missing:
        insert_all_new(conn, _t, [_new(one, hashed[one]) for one in sorted(missing)])
        rows |= _rows(conn, missing)
    return {hashed[one]: row for one, row in rows.items()}


def _rows(conn: Connection, hashed: Iterable[tuple[str, str, str]]) -> dict[Any, Any]:
    latest = reading_latest
    query = (
        select(
            _t.c.id,
            _t.c.device_key,
            _t.c.kind,
            _t.c.subject_key,
            latest.c.good_at,
            latest.c.good_value,
        )
        .outerjoin_from(_t, latest, latest.c.series == _t.c.id)
        .where(_IDENTITY.in_(list(hashed)))
    )
    return {(row.device_key, row.kind, row.subject_key): row for row in conn.execute(query)}


def _new(hashed: tuple[str, str, str], key: Key) -> dict[str, Any]:
    device_key, kind, subject_key = hashed
    return {
        "device_key": device_key,
        "subject_key": subject_key,
        "kind": kind,
        "device": key[0],
        "subject": key[2],
    }
