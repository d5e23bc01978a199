"""xianban.eldercare.v1.OrderService"""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import orders_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.errors import NotFound
from xianban_sdk.rpc import Call
from xianban_sdk.wire import day

from xianban_eldercare.convert import orders as convert
from xianban_eldercare.convert.organisations import organisation_id
from xianban_eldercare.handlers import fulfilment, orders
from xianban_eldercare.handlers.order_views import seen
from xianban_eldercare.handlers.order_visits import Sent
from xianban_eldercare.repository import Organisations, Page
from xianban_eldercare.repository.order_rows import OrderRow
from xianban_eldercare.repository.orders import Orders

__all__ = ["OrderServicer"]

_STAFF: Final = "role:"


class OrderServicer:
    """Orders, for the elder's side and for organisations."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    # -- the elder's side -----------------------------------------------------------------------

    def QuoteOrder(self, request: pb.QuoteOrderRequest, call: Call) -> pb.Quote:
        quoted = orders.quote_order(
            convert.asked(request), scope=call.scope, conn=call.uow.conn, clock=call.clock
        )
        return convert.quote(quoted, call.locale)

    def PlaceOrder(self, request: pb.PlaceOrderRequest, call: Call) -> pb.Order:
        row = orders.place_order(convert.wished(request), scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def GetOrder(self, request: pb.GetOrderRequest, call: Call) -> pb.Order:
        key, conn = convert.order_id(request.name), call.uow.conn
        if call.basis.startswith(_STAFF):
            return _shown(fulfilment.order_for_staff(key, scope=call.scope, conn=conn), call)
        return _shown(Orders(conn, call.scope).get(key), call)

    def ListOrders(self, request: pb.ListOrdersRequest, call: Call) -> pb.ListOrdersResponse:
        page = Page(request.page_size, request.page_token, of=call.subject, open=request.open)
        book = Orders(call.uow.conn, call.scope)
        rows, token = book.of_elder(str(call.subject), page, open_=request.open)
        return pb.ListOrdersResponse(orders=_all(rows, call), next_page_token=token)

    def CancelOrder(self, request: pb.CancelOrderRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        row = orders.cancel_order(key, request.reason, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def RateOrder(self, request: pb.RateOrderRequest, call: Call) -> pb.Order:
        key, stars, comment = convert.order_id(request.name), request.stars, request.comment
        row = orders.rate_order(key, stars, comment, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    # -- organisations --------------------------------------------------------------------------

    def ListOrganisationOrders(
        self, request: pb.ListOrganisationOrdersRequest, call: Call
    ) -> pb.ListOrganisationOrdersResponse:
        organisation, asked = organisation_id(request.parent), day(request.date, "date")
        conn, scope = call.uow.conn, call.scope
        Organisations(conn, scope).own_one(organisation, field="parent")
        if not fulfilment.works_there(organisation, scope=scope, conn=conn):
            raise NotFound("ORGANISATION_NOT_FOUND", field="parent")
        page = Page(request.page_size, request.page_token, of=(organisation, request.date))
        rows, token = Orders(conn, scope).of_day(organisation, asked, page)
        for row in rows:
            call.looked_at(row.resident)
        return pb.ListOrganisationOrdersResponse(orders=_all(rows, call), next_page_token=token)

    def AcceptOrder(self, request: pb.AcceptOrderRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        return _shown(fulfilment.accept_order(key, scope=call.scope, uow=call.uow), call)

    def PlanOrderVisit(self, request: pb.PlanOrderVisitRequest, call: Call) -> pb.Order:
        sent = Sent(request.carer, request.minutes, request.travel_minutes)
        key = convert.order_id(request.name)
        return _shown(fulfilment.send_carer(key, sent, scope=call.scope, uow=call.uow), call)

    def DeclineOrder(self, request: pb.DeclineOrderRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        row = fulfilment.decline_order(key, request.reason, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def CheckInOrder(self, request: pb.CheckInOrderRequest, call: Call) -> pb.Order:
        key, place = convert.order_id(request.name), convert.place(request)
        row = fulfilment.check_in_order(key, place, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def CompleteOrder(self, request: pb.CompleteOrderRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        row = fulfilment.complete_order(key, request.receipt, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def ReportNoShow(self, request: pb.ReportNoShowRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        return _shown(fulfilment.report_no_show(key, scope=call.scope, uow=call.uow), call)

    def RecordOwnPayment(self, request: pb.RecordOwnPaymentRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        row = fulfilment.record_own_payment(key, request.receipt, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def RefundOrder(self, request: pb.RefundOrderRequest, call: Call) -> pb.Order:
        key = convert.order_id(request.name)
        row = fulfilment.refund_order(key, request.reason, scope=call.scope, uow=call.uow)
        return _shown(row, call)


def _shown(row: OrderRow, call: Call) -> pb.Order:
    [shown] = _all([row], call)
    return shown


def _all(rows: list[OrderRow], call: Call) -> list[pb.Order]:
    """Names and homes are for the organisation: the elder's side knows its own."""
    staff = call.basis.startswith(_STAFF)
    return [convert.order(one) for one in seen(rows, staff=staff, conn=call.uow.conn)]
