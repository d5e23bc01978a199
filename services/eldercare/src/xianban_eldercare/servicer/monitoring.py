"""xianban.eldercare.v1.MonitoringService"""

from __future__ import annotations

from datetime import UTC

from xianban.common.v1 import alerts_pb2
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.alerts import Alerts, alert_to_wire
from xianban_sdk.alerts.repository import AlertRows, Asked
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.wire import optional_place

from xianban_eldercare.alarms import BOOK
from xianban_eldercare.convert import monitoring as convert
from xianban_eldercare.convert.care_files import resident_of
from xianban_eldercare.handlers import monitoring, sos
from xianban_eldercare.handlers.assignments import may_see_points, must_be_sent
from xianban_eldercare.repository import Page

__all__ = ["MonitoringServicer"]


class MonitoringServicer:
    """How elders are, and what is done when something is wrong."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def GetCareState(self, request: pb.GetCareStateRequest, call: Call) -> pb.CareState:
        resident, conn = resident_of(request.name), call.uow.conn
        must_be_sent("name", basis=call.basis, scope=call.scope, conn=conn, clock=call.clock)
        found = monitoring.state_of(resident, scope=call.scope, conn=conn)
        return convert.care_state(found, call.clock.now(), call.locale)

    def ListVitalPoints(
        self, request: pb.ListVitalPointsRequest, call: Call
    ) -> pb.ListVitalPointsResponse:
        span = monitoring.Span(
            str(call.subject),
            request.kind,
            request.start_time.ToDatetime(UTC),
            request.end_time.ToDatetime(UTC),
        )
        conn, now = call.uow.conn, call.clock.now()
        may_see_points(
            "parent",
            raw=request.raw,
            basis=call.basis,
            scope=call.scope,
            conn=conn,
            clock=call.clock,
        )
        if not request.raw:
            found = monitoring.hours(span, scope=call.scope, conn=conn)
            return pb.ListVitalPointsResponse(points=[convert.hour(one) for one in found])
        page = Page(
            request.page_size,
            request.page_token,
            of=call.subject,
            kind=request.kind,
            span=[span.start, span.end],
        )
        raw, token = monitoring.readings(span, page, basis=call.basis, scope=call.scope, conn=conn)
        points = [convert.reading(one, now) for one in raw]
        return pb.ListVitalPointsResponse(points=points, next_page_token=token)

    def ListThresholds(
        self, request: pb.ListThresholdsRequest, call: Call
    ) -> pb.ListThresholdsResponse:
        resident = str(call.subject)
        found = monitoring.limits(resident, scope=call.scope, conn=call.uow.conn)
        shown = [convert.threshold(resident, kind, *one) for kind, one in found.items()]
        return pb.ListThresholdsResponse(thresholds=shown)

    def UpdateThreshold(self, request: pb.UpdateThresholdRequest, call: Call) -> pb.Threshold:
        resident, kind = str(call.subject), request.threshold.name.rpartition("/")[2]
        wanted = convert.limits(request.threshold)
        monitoring.write_limits(resident, kind, wanted, scope=call.scope, uow=call.uow)
        return convert.threshold(resident, kind, wanted, own=True)

    def ListResidentAlerts(
        self, request: pb.ListResidentAlertsRequest, call: Call
    ) -> alerts_pb2.ListAlertsResponse:
        page = Page(request.page_size, request.page_token, of=call.subject, open=request.open)
        rows, token = AlertRows(call.uow.conn, call.scope).listed(page, Asked(open=request.open))
        shown = [alert_to_wire(one, BOOK, call.locale) for one in rows]
        return alerts_pb2.ListAlertsResponse(alerts=shown, next_page_token=token)

    def GetResidentAlert(self, request: pb.GetResidentAlertRequest, call: Call) -> pb.ResidentAlert:
        name = convert.alert_name(request.name)
        alerts = Alerts(call.uow, BOOK, call.scope)
        return convert.alert(alerts.get(name), alerts.steps(name), call.locale)

    def AcknowledgeResidentAlert(
        self, request: pb.AcknowledgeResidentAlertRequest, call: Call
    ) -> pb.ResidentAlert:
        alerts = Alerts(call.uow, BOOK, call.scope)
        taken = alerts.acknowledge(convert.alert_name(request.name), request.note)
        return convert.alert(taken, alerts.steps(taken.name), call.locale)

    def RaiseSos(self, request: pb.RaiseSosRequest, call: Call) -> pb.Sos:
        resident = str(call.subject)
        raised = sos.call_for_help(resident, optional_place(request), uow=call.uow)
        return convert.sos(resident, raised, call.locale)

    def CancelSos(self, request: pb.CancelSosRequest, call: Call) -> pb.Sos:
        resident = str(call.subject)
        over = sos.call_off(f"residents/{resident}", uow=call.uow, scope=call.scope)
        return convert.sos(resident, over, call.locale)

    def GetSos(self, request: pb.GetSosRequest, call: Call) -> pb.Sos:
        resident = str(call.subject)
        found = sos.standing(call.uow.conn, sos.RULE, f"residents/{resident}", call.scope)
        return convert.sos(resident, found, call.locale)
