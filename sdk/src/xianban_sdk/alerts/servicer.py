"""xianban.common.v1.AlertService, for every domain that has a book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from xianban.common.v1 import alerts_pb2 as pb

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.convert import alert_to_wire, step_to_wire
from xianban_sdk.alerts.domain import Alert
from xianban_sdk.alerts.life import Alerts
from xianban_sdk.alerts.repository import AlertRows, Asked
from xianban_sdk.alerts.watching import Watching
from xianban_sdk.repository import Page
from xianban_sdk.rpc import Call

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["ALERT_SERVICE", "AlertServicer"]

ALERT_SERVICE: Final = "xianban.common.v1.AlertService"


class AlertServicer:
    """Staff and the desk: alerts of their areas. Every look at one and every step is audited."""

    def __init__(self, resources: Resources, book: AlertBook) -> None:
        self.book = book
        self.watching = Watching(resources.db, book)

    def ListAlerts(self, request: pb.ListAlertsRequest, call: Call) -> pb.ListAlertsResponse:
        asked = Asked(request.open, request.least_severity, request.subject)
        page = Page(
            request.page_size,
            request.page_token,
            who=call.actor,
            open=asked.open,
            least=int(asked.least),
            subject=asked.subject,
        )
        found, token = AlertRows(call.uow.conn, call.scope).listed(page, asked)
        alerts = [self._wire(alert, call) for alert in found]
        return pb.ListAlertsResponse(alerts=alerts, next_page_token=token)

    def GetAlert(self, request: pb.GetAlertRequest, call: Call) -> pb.Alert:
        alert = self._alerts(call).get(request.name)
        return self._looked(alert, call)

    def ListAlertSteps(
        self, request: pb.ListAlertStepsRequest, call: Call
    ) -> pb.ListAlertStepsResponse:
        alerts = self._alerts(call)
        self._looked(alerts.get(request.parent), call)
        steps = [
            step_to_wire(each, self.book, call.locale) for each in alerts.steps(request.parent)
        ]
        return pb.ListAlertStepsResponse(steps=steps)

    def AcknowledgeAlert(self, request: pb.AcknowledgeAlertRequest, call: Call) -> pb.Alert:
        return self._done(self._alerts(call).acknowledge(request.name, request.note), call)

    def DispatchAlert(self, request: pb.DispatchAlertRequest, call: Call) -> pb.Alert:
        done = self._alerts(call).dispatch(request.name, request.to, request.note)
        return self._done(done, call)

    def EscalateAlert(self, request: pb.EscalateAlertRequest, call: Call) -> pb.Alert:
        return self._done(self._alerts(call).escalate(request.name, request.note), call)

    def ResolveAlert(self, request: pb.ResolveAlertRequest, call: Call) -> pb.Alert:
        done = self._alerts(call).resolve(
            request.name, request.note, false_alarm=request.false_alarm
        )
        return self._done(done, call)

    def CloseAlert(self, request: pb.CloseAlertRequest, call: Call) -> pb.Alert:
        return self._done(self._alerts(call).close(request.name, request.note), call)

    def WatchAlerts(self, request: pb.WatchAlertsRequest, call: Call) -> Iterator[pb.Alert]:
        for alert in self.watching.follow(call):
            yield self._wire(alert, call)

    def _alerts(self, call: Call) -> Alerts:
        return Alerts(call.uow, self.book, call.scope)

    def _looked(self, alert: Alert, call: Call) -> pb.Alert:
        if alert.resident:
            call.looked_at(alert.resident)
        return self._wire(alert, call)

    def _done(self, alert: Alert, call: Call) -> pb.Alert:
        # The rule names no subject: whose alert it is shows only now.
        call.uow.audit(call.action, alert.resident or alert.subject, "allowed", call.basis)
        return self._wire(alert, call)

    def _wire(self, alert: Alert, call: Call) -> pb.Alert:
        return alert_to_wire(alert, self.book, call.locale)
