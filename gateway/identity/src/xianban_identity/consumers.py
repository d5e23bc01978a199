"""What the other services tell identity."""

from __future__ import annotations

from xianban.common.v1 import plugins_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_identity.handlers.terms import declare_terms

__all__ = ["on_plugin_terms_declared"]


@consumer("*.v1.plugin_terms_declared")
def on_plugin_terms_declared(
    event: plugins_pb2.PluginTermsDeclared, *, uow: UnitOfWork, meta: Event
) -> None:
    """Plugins of a service came, went or changed what they ask residents for."""
    declare_terms(event, uow=uow)
