"""xianban.common.v1.PluginService, which every service has: what plugins do, and their switch."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from xianban.common.v1 import plugins_pb2 as pb

from xianban_sdk import i18n
from xianban_sdk.errors import NotFound
from xianban_sdk.plugins.capabilities import absent
from xianban_sdk.plugins.switches import Off
from xianban_sdk.rpc.call import Call
from xianban_sdk.telemetry import log

if TYPE_CHECKING:
    from xianban_sdk.app import Resources, Service
    from xianban_sdk.plugins.roll import Roll

__all__ = ["PLUGIN_POLICY", "PLUGIN_SERVICE", "PluginServicer"]

PLUGIN_SERVICE: Final = "xianban.common.v1.PluginService"

# Beside each service's own policy, as PluginService is beside its own RPCs.
PLUGIN_POLICY: Final = """
@id("sdk-capabilities")
permit (principal, action == Action::"ListCapabilities", resource);

@id("sdk-plugins")
permit (
  principal,
  action in
    [
      Action::"ListServicePlugins", Action::"GetPlugin", Action::"DisablePlugin",
      Action::"EnablePlugin"
    ],
  resource
)
when { context.basis == "role:suite-operator" };
"""
_PREFIX: Final = "plugins/"


class PluginServicer:
    """Operators of the suite: what is there, how it does, off and on."""

    def __init__(self, service: Service, resources: Resources) -> None:
        self._service = service
        self._resources = resources

    @cached_property
    def _roll(self) -> Roll:
        # Signatures and indexes cost a start their imports: only where somebody asks.
        from xianban_sdk.plugins.roll import Roll

        return Roll(self._service, self._resources)

    def ListCapabilities(
        self, request: pb.ListCapabilitiesRequest, call: Call
    ) -> pb.ListCapabilitiesResponse:
        wanted, resources = self._service.capabilities, self._resources
        gone = {one.hook for one in absent(wanted, resources.hooks, resources.settings)}
        package = self._service.package
        told = [
            pb.Capability(
                hook=one.hook,
                present=one.hook not in gone,
                missing={name: i18n.text(one.missing, name, package) for name in i18n.LOCALES},
            )
            for one in wanted
        ]
        return pb.ListCapabilitiesResponse(capabilities=told)

    def ListServicePlugins(
        self, request: pb.ListServicePluginsRequest, call: Call
    ) -> pb.ListServicePluginsResponse:
        return pb.ListServicePluginsResponse(plugins=self._roll.all(call.locale))

    def GetPlugin(self, request: pb.GetPluginRequest, call: Call) -> pb.Plugin:
        return self._one(request.name, call)

    def DisablePlugin(self, request: pb.DisablePluginRequest, call: Call) -> pb.Plugin:
        plugin = self._one(request.name, call).name.removeprefix(_PREFIX)
        off = Off(request.reason.strip(), call.actor, call.clock.now().isoformat())
        self._roll.switch_off(plugin, off)
        return self._switched(request.name, f"{call.basis}: {off.reason}", call)

    def EnablePlugin(self, request: pb.EnablePluginRequest, call: Call) -> pb.Plugin:
        plugin = self._one(request.name, call).name.removeprefix(_PREFIX)
        self._roll.switch_on(plugin)
        return self._switched(request.name, call.basis, call)

    def _one(self, name: str, call: Call) -> pb.Plugin:
        found = self._roll.get(name.removeprefix(_PREFIX), call.locale)
        if found is None:
            raise NotFound("PLUGIN_NOT_FOUND", field="name")
        return found

    def _switched(self, name: str, basis: str, call: Call) -> pb.Plugin:
        """After the deed: a process that starts or ends must not hold the transaction open."""
        log.info("plugin_switched", plugin=name, action=call.action, actor=call.actor)
        call.uow.audit(call.action, name, "allowed", basis)
        return self._one(name, call)
