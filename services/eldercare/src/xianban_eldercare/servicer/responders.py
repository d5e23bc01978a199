"""xianban.eldercare.v1.ResponderService"""

from __future__ import annotations

from xianban.eldercare.v1 import responders_pb2 as pb
from xianban_sdk.alerts.life import Alerts
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_eldercare.alarms import BOOK
from xianban_eldercare.convert import responders as convert
from xianban_eldercare.handlers.responders import near, sources_of

__all__ = ["ResponderServicer"]


class ResponderServicer:
    """Who is on duty and near an alert of the caller's areas."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListResponders(
        self, request: pb.ListRespondersRequest, call: Call
    ) -> pb.ListRespondersResponse:
        # Before the transaction, as whatever plugins are asked.
        connected = [one.source.id for one in sources_of(call.hooks)]
        alert = Alerts(call.uow, BOOK, call.scope).get(request.parent)
        if alert.resident:
            call.looked_at(alert.resident)
        now = call.clock.now()
        found = near(alert, connected, conn=call.uow.conn, now=now)
        return convert.nearest(found, alert.id, call.locale, now)
