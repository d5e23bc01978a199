"""A resident's money: payments, receipts, permits."""

from __future__ import annotations

from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.wire import optional_instant

from xianban_parking.convert import people as convert
from xianban_parking.convert.lots import lot_id
from xianban_parking.convert.texts import quote
from xianban_parking.handlers import payments, permits
from xianban_parking.handlers.payables import payable_of
from xianban_parking.handlers.pricing import is_unasked, stored_permit_price
from xianban_parking.repository import Lots, Page, Payments, Permits, Receipts
from xianban_parking.repository.rows import PaymentRow

__all__ = ["MoneyRpcs"]


class MoneyRpcs:
    """What a person, or somebody acting for them, pays and holds."""

    resources: Resources

    def CreatePayment(self, request: rpc.CreatePaymentRequest, call: Call) -> pb.Payment:
        """Three steps, see handlers.payments; only the last is the call's own transaction."""
        provider = payments.provider_of(call.hooks, request.provider)
        row = self._kept(request, provider.provider.id, call)
        start = payments.open_order(row, provider, call.hooks, self.resources.settings.issuer)
        row = payments.keep_start(row, start, scope=call.scope, uow=call.uow)
        return convert.payment(row, call.locale)

    def _kept(self, request: rpc.CreatePaymentRequest, provider: str, call: Call) -> PaymentRow:
        asked = payments.Asked(str(call.subject), call.actor, request.expected_fen, provider)
        with call.reading() as read:
            payable = payable_of(
                request.payable,
                scope=call.scope,
                conn=read.conn,
                hooks=call.hooks,
                now=call.clock.now(),
            )
        opened = open_unit_of_work(call.db, clock=call.clock, ids=call.ids, call=call.info)
        with opened as uow:
            return payments.keep_payment(asked, payable, uow=uow)

    def GetPayment(self, request: rpc.GetPaymentRequest, call: Call) -> pb.Payment:
        row = Payments(call.uow.conn, call.scope).get(convert.tail(request.name))
        return convert.payment(row, call.locale)

    def ListPayments(
        self, request: rpc.ListPaymentsRequest, call: Call
    ) -> rpc.ListPaymentsResponse:
        rows, token = Payments(call.uow.conn, call.scope).listed(_page(request, call))
        found = [convert.payment(row, call.locale) for row in rows]
        return rpc.ListPaymentsResponse(payments=found, next_page_token=token)

    def GetReceipt(self, request: rpc.GetReceiptRequest, call: Call) -> pb.Receipt:
        row = Receipts(call.uow.conn, call.scope).get(convert.tail(request.name))
        return convert.receipt(row, call.locale)

    def ListReceipts(
        self, request: rpc.ListReceiptsRequest, call: Call
    ) -> rpc.ListReceiptsResponse:
        rows, token = Receipts(call.uow.conn, call.scope).listed(_page(request, call))
        found = [convert.receipt(row, call.locale) for row in rows]
        return rpc.ListReceiptsResponse(receipts=found, next_page_token=token)

    def QuotePermit(self, request: rpc.QuotePermitRequest, call: Call) -> pb.Quote:
        wanted = _wanted(request, (), call)
        Lots(call.uow.conn, call.scope).get(wanted.lot)
        held = Permits(call.uow.conn, call.scope)
        price = permits.price_of(wanted, permits=held, now=call.clock.now())
        return quote(stored_permit_price(price), call.locale)

    def CreatePermit(self, request: rpc.CreatePermitRequest, call: Call) -> pb.Permit:
        wanted = _wanted(request, tuple(request.plates), call)
        row = permits.apply_for(wanted, scope=call.scope, uow=call.uow)
        return convert.permit(row, call.locale)

    def ListPermits(self, request: rpc.ListPermitsRequest, call: Call) -> rpc.ListPermitsResponse:
        missing = is_unasked(str(call.subject), call.hooks, self.resources.relations, call.clock)
        rows, token = Permits(call.uow.conn, call.scope).listed(_page(request, call))
        found = [convert.permit(row, call.locale) for row in rows]
        return rpc.ListPermitsResponse(
            permits=found, next_page_token=token, concession_consent_missing=missing
        )

    def CancelPermit(self, request: rpc.CancelPermitRequest, call: Call) -> pb.Permit:
        name = convert.tail(request.name)
        row = permits.cancel_permit(name, scope=call.scope, uow=call.uow)
        return convert.permit(row, call.locale)


Listed = rpc.ListPaymentsRequest | rpc.ListReceiptsRequest | rpc.ListPermitsRequest


def _page(request: Listed, call: Call) -> Page:
    """A token holds only for the person it was made for."""
    return Page(request.page_size, request.page_token, of=call.subject, list=call.action)


def _wanted(
    request: rpc.QuotePermitRequest | rpc.CreatePermitRequest, plates: tuple[str, ...], call: Call
) -> permits.WantedPermit:
    return permits.WantedPermit(
        resident=str(call.subject),
        actor=call.actor,
        kind=convert.PERMIT_KINDS[request.kind],
        lot=lot_id(request.lot),
        plates=plates,
        months=request.months,
        start=optional_instant(request, "start_time"),
    )
