"""RPCs of operators; every query is narrowed to the caller's areas."""

from __future__ import annotations

from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.wire import instant, optional_instant

from xianban_parking.convert import lots as convert
from xianban_parking.convert import people
from xianban_parking.handlers import disputes, operators
from xianban_parking.handlers.feeds import verdict_of
from xianban_parking.handlers.refunds import refund_payment
from xianban_parking.handlers.stays import due_of, quote_of
from xianban_parking.handlers.views import views_of
from xianban_parking.repository import Counts, Feeds, Lots, Page, Payments, Receipts, Sessions
from xianban_parking.repository.rows import LotRow

__all__ = ["OperatorServicer"]


class OperatorServicer:
    """xianban.parking.v1.OperatorService."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def ListFeeds(self, request: op.ListFeedsRequest, call: Call) -> op.ListFeedsResponse:
        page = Page(request.page_size, request.page_token, list=call.action)
        rows, token = Feeds(call.uow.conn, call.scope).listed(page)
        now = call.clock.now()
        found = [convert.feed(row, verdict_of(row, now), call.locale) for row in rows]
        return op.ListFeedsResponse(feeds=found, next_page_token=token)

    def ListFeedErrors(
        self, request: op.ListFeedErrorsRequest, call: Call
    ) -> op.ListFeedErrorsResponse:
        feeds = Feeds(call.uow.conn, call.scope)
        feed = feeds.get(people.tail(request.parent))
        page = Page(request.page_size, request.page_token, feed=feed.id)
        rows, token = feeds.errors(feed.id, page)
        found = [convert.feed_error(row) for row in rows]
        return op.ListFeedErrorsResponse(errors=found, next_page_token=token)

    def OverrideOccupancy(self, request: op.OverrideOccupancyRequest, call: Call) -> pb.Lot:
        lot = operators.override(
            convert.lot_id(request.lot),
            request.free,
            request.minutes,
            request.reason,
            scope=call.scope,
            uow=call.uow,
        )
        return _lot(lot, call)

    def ClearOverride(self, request: op.ClearOverrideRequest, call: Call) -> pb.Lot:
        lot = operators.clear_override(convert.lot_id(request.lot), scope=call.scope, uow=call.uow)
        return _lot(lot, call)

    def GetRevenue(self, request: op.GetRevenueRequest, call: Call) -> op.Revenue:
        days, arrears = operators.revenue(
            convert.lot_id(request.lot),
            request.start_date,
            request.end_date,
            scope=call.scope,
            uow=call.uow,
        )
        return convert.revenue(request.lot, days, arrears)

    def ListArrears(self, request: op.ListArrearsRequest, call: Call) -> op.ListArrearsResponse:
        lot, page = _managed(request, call)
        rows, token = Sessions(call.uow.conn, call.scope).arrears(lot.id, page)
        found = [people.arrear(row) for row in rows]
        return op.ListArrearsResponse(arrears=found, next_page_token=token)

    def ListDisputes(self, request: op.ListDisputesRequest, call: Call) -> op.ListDisputesResponse:
        lot, page = _managed(request, call)
        rows, token = Sessions(call.uow.conn, call.scope).disputes(lot.id, page)
        found = [people.dispute(row) for row in rows]
        return op.ListDisputesResponse(disputes=found, next_page_token=token)

    def ListLotPayments(
        self, request: op.ListLotPaymentsRequest, call: Call
    ) -> op.ListLotPaymentsResponse:
        lot, page = _managed(request, call)
        rows, token = Payments(call.uow.conn, call.scope).of_lot(lot.id, page)
        numbers = Receipts(call.uow.conn, call.scope).numbers_of([row.id for row in rows])
        plates = Sessions(call.uow.conn, call.scope).plates_of([row.payable for row in rows])
        found = [
            people.lot_payment(row, numbers.get(row.id, ""), plates.get(row.payable))
            for row in rows
        ]
        return op.ListLotPaymentsResponse(payments=found, next_page_token=token)

    def RefundPayment(self, request: op.RefundPaymentRequest, call: Call) -> pb.Payment:
        row = refund_payment(
            request.payment, request.amount_fen, request.reason, scope=call.scope, uow=call.uow
        )
        return people.payment_for_operator(row, call.locale)

    def UpdateTariff(self, request: op.UpdateTariffRequest, call: Call) -> pb.Tariff:
        row = operators.put_tariff(
            convert.lot_id(request.lot),
            convert.rules_of(request.rules),
            instant(request.effective_time),
            scope=call.scope,
            uow=call.uow,
        )
        return convert.tariff(row, call.locale)

    def LookUpPlate(self, request: op.LookUpPlateRequest, call: Call) -> op.LookUpPlateResponse:
        facts = operators.look_up(
            convert.lot_id(request.lot),
            request.plate,
            request.reason,
            call.basis,
            scope=call.scope,
            uow=call.uow,
        )
        return op.LookUpPlateResponse(
            inside=facts.inside,
            permit=facts.permit,
            reservation=facts.reservation,
            due_fen=facts.due_fen,
        )

    def ResolveDispute(self, request: op.ResolveDisputeRequest, call: Call) -> pb.Session:
        decision = disputes.Decision(
            request.session, optional_instant(request, "exit_time"), request.waive, request.reason
        )
        row = disputes.decide(decision, scope=call.scope, uow=call.uow)
        lots, now = Lots(call.uow.conn, call.scope), call.clock.now()
        fee = quote_of(row, lots.tariffs(row.lot), [], now)
        lot, due = lots.find(row.lot), due_of(row, fee, now)
        return people.session_for_operator(row, lot, fee, due, call.locale)


Listed = op.ListArrearsRequest | op.ListDisputesRequest | op.ListLotPaymentsRequest


def _managed(request: Listed, call: Call) -> tuple[LotRow, Page]:
    """The lot, if it is the caller's to manage, and where its list goes on."""
    lot = Lots(call.uow.conn, call.scope).managed(convert.lot_id(request.lot))
    return lot, Page(request.page_size, request.page_token, lot=lot.id, list=call.action)


def _lot(lot: LotRow, call: Call) -> pb.Lot:
    lots, counts = Lots(call.uow.conn, call.scope), Counts(call.uow.conn, call.scope)
    return convert.lot(views_of([lot], lots, counts, call.clock.now())[0], call.locale)
