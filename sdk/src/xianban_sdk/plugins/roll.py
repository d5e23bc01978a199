"""All plugins of a service, running or not, with how they do; what operators see of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from xianban.common.v1 import plugins_pb2 as pb

from xianban_sdk.ledger import Total, totals
from xianban_sdk.plugins.building import in_environment
from xianban_sdk.plugins.figures import WINDOW_SECONDS, HookFigures, together
from xianban_sdk.plugins.loaded import Doing, Plugin
from xianban_sdk.plugins.manifest import Manifest, PluginRefused
from xianban_sdk.plugins.registry import Installed, Standing, Store
from xianban_sdk.plugins.registry.following import follow
from xianban_sdk.plugins.shared_switches import SharedSwitches
from xianban_sdk.plugins.switches import Off, Switches
from xianban_sdk.plugins.tiers import PROCESS, tier_of
from xianban_sdk.wire import stamp

if TYPE_CHECKING:
    from xianban_sdk.app import Resources, Service

__all__ = ["Roll"]

_LEDGER: Final = timedelta(days=30)
_MB: Final = 1 << 20
_KB: Final = 1 << 10
_CORE: Final = Standing.CORE.value


class Roll:
    """One service's plugins."""

    def __init__(self, service: Service, resources: Resources) -> None:
        self._service = service
        self._settings = resources.settings
        self._hooks = resources.hooks
        self._clock = resources.clock
        self._db = resources.db
        self._switches = Switches(resources.settings)
        self._shared = SharedSwitches(resources.db, resources.settings, service.name)

    def all(self, locale: str) -> list[pb.Plugin]:
        """By id."""
        found = {one.name: one for one in self._told(locale)}
        for total in self._disclosed():
            if (made := found.get(f"plugins/{total.plugin}")) is not None:
                made.disclosures.add(
                    purpose=total.purpose,
                    basis=total.basis,
                    calls=total.calls,
                    people=total.people,
                    refused=total.refused,
                )
        return [found[name] for name in sorted(found)]

    def get(self, plugin: str, locale: str) -> pb.Plugin | None:
        """One of them."""
        return next((one for one in self.all(locale) if one.name == f"plugins/{plugin}"), None)

    def switch_off(self, plugin: str, off: Off) -> None:
        """Off at once, for every replica, and after a restart."""
        self._shared.bring()
        self._switches.switch_off(plugin, off)
        self._follow()

    def switch_on(self, plugin: str) -> None:
        """On again; what failed in it before is forgotten."""
        self._shared.bring()
        self._switches.switch_on(plugin)
        if self._hooks.is_set_aside(plugin) and plugin in self._hooks.plugins:
            self._begin_anew(plugin)
        self._follow()

    def _begin_anew(self, plugin: str) -> None:
        """One that was quarantined is let go, so that it is taken up like any other."""
        archive = self._hooks.plugins[plugin].archive
        self._hooks.let_go(plugin)
        self._hooks.figures.forget(plugin)
        if not archive:
            self._hooks.left_out.add(plugin)

    def _follow(self) -> None:
        if self._service.hookspecs is not None:
            follow(self._hooks, self._service.hookspecs, self._settings)
        self._shared.keep()

    # -- telling ----------------------------------------------------------------------------

    def _told(self, locale: str) -> Iterator[pb.Plugin]:
        """Those that are installed and do not run first: who runs stands in their place."""
        off, store = self._switches.off(), Store(self._settings)
        domain = self._service.name
        for name, (manifest, _) in in_environment(domain).items():
            if name in off:
                made = _declared(manifest, domain, locale)
                made.tier, made.standing = tier_of(name, self._settings.plugin_tiers), _CORE
                yield _switched_off(made, off[name])
        stored = {one.id: one for one in store.installed().values() if one.domain == domain}
        standings = {name: store.standing(one).value for name, one in stored.items()}
        for name, one in stored.items():
            yield self._stored(one, standings[name], off.get(name), locale)
        for name, plugin in sorted(self._hooks.plugins.items()):
            yield self._running(plugin, standings.get(name, _CORE), locale)

    def _stored(self, one: Installed, standing: str, off: Off | None, locale: str) -> pb.Plugin:
        try:
            manifest = Store(self._settings).manifest(one)
            made = _declared(manifest, one.domain, locale)
        except (PluginRefused, OSError):
            made = pb.Plugin(name=f"plugins/{one.id}", version=one.version, domain=one.domain)
        made.tier, made.standing = PROCESS, standing
        if off is not None:
            return _switched_off(made, off)
        made.state = pb.PLUGIN_STATE_STOPPED
        return made

    def _running(self, plugin: Plugin, standing: str, locale: str) -> pb.Plugin:
        name, runner = plugin.manifest.id, plugin.runner
        made = _declared(plugin.manifest, self._service.name, locale)
        made.tier, made.standing = plugin.tier, standing
        doing = runner.doing
        made.state, made.reason = _state(plugin, doing)
        made.state_time.CopyFrom(stamp(self._at(runner.since)))
        made.memory_bytes, made.restarts = doing.memory, doing.restarts
        made.confinement.update(doing.confinement)
        self._count(made, name)
        return made

    def _count(self, made: pb.Plugin, name: str) -> None:
        figures = self._hooks.figures.of(name)
        made.window_seconds = WINDOW_SECONDS
        made.total.CopyFrom(_figures(together(figures)))
        made.figures.extend(_figures(one) for one in figures)
        for fault in self._hooks.figures.faults(name):
            told = made.faults.add(hook=fault.hook, kind=fault.kind)
            told.occur_time.CopyFrom(stamp(self._at(fault.at)))

    def _disclosed(self) -> list[Total]:
        """Read by itself, before a call's own transaction: it is nothing of the caller's."""
        since = (self._clock.now() - _LEDGER).date()
        with self._db.read() as conn:
            return totals(conn, since=since)

    def _at(self, monotonic: float) -> datetime:
        return self._clock.now() - timedelta(seconds=time.monotonic() - monotonic)


def _state(plugin: Plugin, doing: Doing) -> tuple[pb.PluginState.ValueType, str]:
    if plugin.quarantined:
        return pb.PLUGIN_STATE_QUARANTINED, plugin.quarantined
    if doing.paused:
        return pb.PLUGIN_STATE_PAUSED, ""
    return pb.PLUGIN_STATE_RUNNING, ""


def _switched_off(made: pb.Plugin, off: Off) -> pb.Plugin:
    made.state, made.reason, made.disabled_by = pb.PLUGIN_STATE_DISABLED, off.reason, off.by
    made.state_time.CopyFrom(stamp(datetime.fromisoformat(off.time)))
    return made


def _declared(manifest: Manifest, domain: str, locale: str) -> pb.Plugin:
    limits = manifest.limits
    return pb.Plugin(
        name=f"plugins/{manifest.id}",
        version=manifest.version,
        vendor=manifest.vendor,
        licence=manifest.licence,
        contact=manifest.contact,
        domain=domain,
        hooks=sorted(manifest.hooks),
        hosts=manifest.hosts,
        purposes=[
            pb.PluginPurpose(code=code, display=words.get(locale) or next(iter(words.values()), ""))
            for code, words in sorted(manifest.purposes.items())
        ],
        limits=pb.PluginLimits(
            memory_bytes=limits.memory_mb * _MB,
            call_seconds=limits.call_seconds,
            reply_bytes=limits.reply_kb * _KB,
            scratch_bytes=limits.scratch_mb * _MB,
            calls_at_once=limits.calls_at_once,
        ),
    )


def _figures(one: HookFigures) -> pb.HookFigures:
    return pb.HookFigures(
        hook=one.hook,
        calls=one.calls,
        errors=dict(one.errors),
        p50_ms=round(one.quantile(0.5) * 1000, 3),
        p99_ms=round(one.quantile(0.99) * 1000, 3),
    )
