"""Devices in the database. Staff see their areas', a resident their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    false,
    or_,
    select,
    true,
    update,
)
from xianban_sdk import repository
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import MachineScope, Page, Scope, columns, within
from xianban_sdk.storage import Kept, insert_new, upsert

from xianban_sensing.domain.devices import Device, State
from xianban_sensing.repository.tables import change_count, command, device

__all__ = [
    "KEPT",
    "MACHINE",
    "CommandRow",
    "Commands",
    "Devices",
    "Page",
    "Scope",
]

MACHINE: Final = MachineScope("sensing")
# The wire's sequences go further than a database's.
_LAST: Final = 2**63 - 1

KEPT: Final = (Kept(command, command.c.expires_at, timedelta(days=1)),)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """What a device is to show."""

    device: str
    key: str
    command: str
    text: str
    expires_at: datetime | None
    traceparent: str
    sequence: int = 0
    event: str = ""


class Commands:
    """What wearers are to be told; the service's own, nobody asks for it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def put(self, row: CommandRow) -> None:
        """Replaces what was said under the same key of the same event before."""
        values = columns(row) | {"sequence": _next(self._conn)}
        upsert(self._conn, command, values)

    def after(self, sequence: int, size: int, now: datetime) -> list[tuple[CommandRow, str]]:
        """What was said since and still holds, oldest first, each with its device's model."""
        holds = or_(command.c.expires_at.is_(None), command.c.expires_at > now)
        query = (
            select(*command.columns, device.c.model)
            .join(device, device.c.id == command.c.device)
            .where(command.c.sequence > min(sequence, _LAST), holds)
        )
        rows = self._conn.execute(query.order_by(command.c.sequence).limit(size))
        return [(CommandRow(*values), model) for *values, model in rows]


class Devices(repository.Repository):
    """Devices that the caller may see."""

    def get(self, device_id: str) -> Device:
        found = self.find(device_id)
        if found is None:
            raise NotFound("DEVICE_NOT_FOUND", field="name")
        return found

    def find(self, device_id: str) -> Device | None:
        query = select(device).where(device.c.id == device_id, self._visible())
        row = self.conn.execute(query).mappings().first()
        return _loaded(row) if row else None

    def speaking_for(self, subject: str) -> list[Device]:
        query = select(device).where(device.c.subject == subject, self._visible())
        return [_loaded(row) for row in self.conn.execute(query.order_by(device.c.id)).mappings()]

    def of_kinds(self, kinds: Iterable[str]) -> list[Device]:
        """Devices that speak for one of these kinds, e.g. "lots"."""
        spoken = or_(false(), *(device.c.subject.startswith(f"{kind}/") for kind in kinds))
        query = select(device).where(spoken, self._visible()).order_by(device.c.id)
        return [_loaded(row) for row in self.conn.execute(query).mappings()]

    def listed(self, page: Page, *, subject: str = "", model: str = "") -> tuple[list[Device], str]:
        """A page by id."""
        query = select(device).where(self._visible()).order_by(device.c.id)
        for column, wanted in ((device.c.subject, subject), (device.c.model, model)):
            if wanted:
                query = query.where(column == wanted)
        if page.after is not None:
            query = query.where(device.c.id > page.after)
        rows = self.conn.execute(query.limit(page.size + 1)).mappings().all()
        found = [_loaded(row) for row in rows[: page.size]]
        return found, page.token(found[-1].id) if len(rows) > page.size else ""

    def after(self, sequence: int, size: int) -> list[Device]:
        """What changed since, oldest first."""
        query = select(device).where(device.c.sequence > min(sequence, _LAST), self._visible())
        rows = self.conn.execute(query.order_by(device.c.sequence).limit(size)).mappings()
        return [_loaded(row) for row in rows]

    def add(self, new: Device) -> bool:
        """False when a device of that id is registered already."""
        return insert_new(self.conn, device, _row(new) | {"sequence": _next(self.conn)})

    def save(self, changed: Device) -> Device:
        values = _row(changed) | {"sequence": _next(self.conn)}
        self.conn.execute(update(device).where(device.c.id == changed.id).values(**values))
        return _loaded(values)

    def seen(self, signs: list[tuple[str, datetime, float]]) -> None:
        """Notes when devices last spoke; older signs than what is known change nothing."""
        if not signs:
            return
        newer = (device.c.last_seen_at.is_(None)) | (device.c.last_seen_at < bindparam("at"))
        statement = (
            update(device)
            .where(device.c.id == bindparam("of"), newer)
            .values(last_seen_at=bindparam("at"), clock_offset_s=bindparam("ahead"))
        )
        rows = [{"of": of, "at": at, "ahead": ahead} for of, at, ahead in signs]
        self.conn.execute(statement, rows)

    def _visible(self) -> ColumnElement[bool]:
        if self.unrestricted:
            return true()
        if self.scope.subject is not None:
            return device.c.subject == f"residents/{self.scope.subject}"
        return within(self.scope.areas, device.c.area)


def _next(conn: Connection) -> int:
    insert_new(conn, change_count, {"id": 1, "sequence": 0})
    counted = update(change_count).values(sequence=change_count.c.sequence + 1)
    return conn.execute(counted.returning(change_count.c.sequence)).scalar_one()


def _row(found: Device) -> dict[str, Any]:
    return asdict(found) | {"state": found.state.value}


def _loaded(row: Any) -> Device:
    values: dict[str, Any] = dict(row)
    values["state"] = State(values["state"])
    return Device(**values)
