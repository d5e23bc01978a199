"""What is switched off, for replicas that share a database and maybe no directory (pods).

Each process goes by its own list (:class:`Switches`); beside it, on PostgreSQL, a row for each of
the domain's plugins that was ever switched. What changes in the rows comes into the list, what
changes in the list (a command in one pod) goes into the rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from xianban_sdk.plugins.building import in_environment
from xianban_sdk.plugins.switches import Off, Switches
from xianban_sdk.settings import Settings
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import plugin_switch
from xianban_sdk.storage.upsert import upsert

__all__ = ["SharedSwitches"]


class SharedSwitches:
    """One domain's, in its service's database."""

    def __init__(self, db: Database, settings: Settings, domain: str) -> None:
        self._db = db
        self._settings = settings
        self._domain = domain
        self._list = Switches(settings)
        self._seen: dict[str, Off | None] = {}

    def bring(self) -> None:
        """What changed in the rows since the last look counts here; at a start all of them."""
        rows = self._rows()
        for plugin, off in rows.items():
            if plugin not in self._seen or self._seen[plugin] != off:
                self._list.set(plugin, off)
        self._seen = rows

    def keep(self) -> None:
        """What changed in the list since the last look counts for all, and for who starts later.

        Held against what was seen, not against the rows: another one may just have changed those.
        """
        if self._alone:
            return
        off = self._list.off()
        changed = {
            name: off.get(name)
            for name in self._own()
            if (name in off) != (self._seen.get(name) is not None)
        }
        if changed:
            with self._db.begin() as conn:
                for name, one in changed.items():
                    upsert(conn, plugin_switch, _row(name, one))
            self._seen.update(changed)

    @property
    def _alone(self) -> bool:
        """A SQLite file has one owner, and its list beside it: nobody is to be told."""
        return self._db.dialect == "sqlite"

    def _rows(self) -> dict[str, Off | None]:
        if self._alone:
            return {}
        wanted = select(plugin_switch)
        with self._db.read() as conn:
            rows = conn.execute(wanted).all()
        return {row.plugin: _off(row) if row.switched_off else None for row in rows}

    def _own(self) -> list[str]:
        from xianban_sdk.plugins.registry import Store

        stored = Store(self._settings).installed().values()
        mine = {one.id for one in stored if one.domain == self._domain}
        return sorted(mine | in_environment(self._domain).keys())


def _off(row: Row[Any]) -> Off:
    return Off(row.why, row.switched_by, row.time)


def _row(plugin: str, off: Off | None) -> dict[str, Any]:
    told = off or Off("", "", "")
    return {
        "plugin": plugin,
        "switched_off": off is not None,
        "why": told.reason,
        "switched_by": told.by,
        "time": told.time,
    }
