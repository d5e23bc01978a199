"""Tells identity what a service's plugins want people's data for beyond the service's own purposes.

Identity offers these terms to residents, with the plugin's and its vendor's name; a call that
brings somebody's data to the plugin needs their consent to each. All of a service's terms are told
together, when they differ from what was told last: what is missing has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from xianban.common.v1 import plugins_pb2 as pb

from xianban_sdk.plugins.building import in_environment
from xianban_sdk.plugins.manifest import Manifest, PluginRefused
from xianban_sdk.plugins.tiers import STORE
from xianban_sdk.plugins.tokens import term_of, terms_of
from xianban_sdk.storage import open_unit_of_work, upsert
from xianban_sdk.storage.tables import plugin_terms
from xianban_sdk.telemetry import log
from xianban_sdk.threads import background

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["Terms"]

_LOOK_SECONDS: Final = 2.0
_ENDING_SECONDS: Final = 5.0


class Terms:
    """One service's plugins, as residents are asked about them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # What was told last; read once, for it is compared every few seconds.
        self._last: pb.PluginTermsDeclared | None = None

    def start(self) -> None:
        """Begins to look for what came, went or changed."""
        self._thread = background("plugin-terms", self._loop)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_ENDING_SECONDS)

    def tell(self) -> bool:
        """Tells identity, if there is something new; whether there was."""
        now = self._declared()
        self._last = self._last or self._told(now.domain)
        if now == self._last:
            return False
        resources = self._resources
        with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
            row = {"domain": now.domain, "told": now.SerializeToString(deterministic=True)}
            upsert(uow.conn, plugin_terms, row)
            uow.emit(now, aggregate=f"pluginTerms/{now.domain}")
        self._last = now
        return True

    def _told(self, domain: str) -> pb.PluginTermsDeclared:
        query = select(plugin_terms.c.told).where(plugin_terms.c.domain == domain)
        with self._resources.db.read() as conn:
            told = conn.execute(query).scalar()
        # Nothing was told, and there is nothing to tell: the same.
        return pb.PluginTermsDeclared.FromString(told) if told else _none(domain)

    def _declared(self) -> pb.PluginTermsDeclared:
        hooks = self._resources.hooks
        made = _none(hooks.domain)
        for manifest in sorted(self._manifests(), key=lambda one: one.id):
            asked = {term_of(manifest.id, one): one for one in manifest.purposes}
            for term in terms_of(manifest, hooks.purposes):
                made.terms.add(
                    plugin=manifest.id,
                    vendor=manifest.vendor,
                    term=term,
                    words=manifest.purposes[asked[term]],
                )
        return made

    def _manifests(self) -> list[Manifest]:
        """Also of those that are switched off: that is no reason to ask everybody again."""
        hooks = self._resources.hooks
        found = {name: one.manifest for name, one in hooks.plugins.items()}
        for name in hooks.left_out:
            if one := in_environment(hooks.domain).get(name):
                found.setdefault(name, one[0])
        if Path(self._resources.settings.data, *STORE).is_dir():
            found = {**{one.id: one for one in self._stored(found.keys())}, **found}
        return list(found.values())

    def _stored(self, running: Collection[str]) -> Iterator[Manifest]:
        from xianban_sdk.plugins.registry import Standing, Store

        store = Store(self._resources.settings)
        for one in store.installed().values():
            mine = one.domain == self._resources.hooks.domain and one.id not in running
            if mine and store.standing(one) is not Standing.REVOKED:
                try:
                    yield store.manifest(one)
                except (PluginRefused, OSError) as error:
                    log.warning("plugin_terms_unread", plugin=one.id, error=str(error))

    def _loop(self) -> None:
        while True:
            try:
                self.tell()
            except (SQLAlchemyError, TimeoutError) as error:
                log.warning("plugin_terms_wait", error=repr(error)[:200])
            if self._stop.wait(_LOOK_SECONDS):
                return


def _none(domain: str) -> pb.PluginTermsDeclared:
    return pb.PluginTermsDeclared(domain=domain)
