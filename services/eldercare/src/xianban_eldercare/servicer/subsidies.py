"""xianban.eldercare.v1.SubsidyService"""

from __future__ import annotations

from xianban.eldercare.v1 import subsidies_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.clock import local_day
from xianban_sdk.rpc import Call

from xianban_eldercare.convert import subsidies as convert
from xianban_eldercare.convert.organisations import organisation_id
from xianban_eldercare.handlers import payouts, statements
from xianban_eldercare.handlers.subsidies import foreseen
from xianban_eldercare.repository import Organisations, Page
from xianban_eldercare.repository.books import Books

__all__ = ["SubsidyServicer"]


class SubsidyServicer:
    """Subsidies and the ledger."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def GetSubsidyAccount(
        self, request: pb.GetSubsidyAccountRequest, call: Call
    ) -> pb.SubsidyAccount:
        resident, today = str(call.subject), local_day(call.clock.now())
        books = Books(call.uow.conn, call.scope)
        seen = convert.Seen(
            resident,
            books.lots(resident, today),
            foreseen(resident, today, conn=call.uow.conn, today=today),
            books.by_lot(resident),
            books.own_due(resident),
        )
        return convert.account(seen, today, call.locale)

    def ListSubsidyEntries(
        self, request: pb.ListSubsidyEntriesRequest, call: Call
    ) -> pb.ListSubsidyEntriesResponse:
        page = Page(request.page_size, request.page_token, of=call.subject)
        rows, token = Books(call.uow.conn, call.scope).of_elder(str(call.subject), page)
        found = statements.lines(rows, names=False, conn=call.uow.conn)
        shown = [convert.entry(one) for one in found]
        return pb.ListSubsidyEntriesResponse(entries=shown, next_page_token=token)

    def GetStatement(self, request: pb.GetStatementRequest, call: Call) -> pb.Statement:
        organisation = organisation_id(request.parent)
        span = statements.span_of(convert.month_of(request.month))
        found = statements.statement(organisation, span, scope=call.scope, conn=call.uow.conn)
        return convert.statement(found, request.month)

    def ListStatementEntries(
        self, request: pb.ListStatementEntriesRequest, call: Call
    ) -> pb.ListStatementEntriesResponse:
        organisation, conn = organisation_id(request.parent), call.uow.conn
        span = statements.span_of(convert.month_of(request.month))
        Organisations(conn, call.scope).own_one(organisation, field="parent")
        page = Page(request.page_size, request.page_token, of=(organisation, request.month))
        rows, token = Books(conn, call.scope).of_organisation(organisation, span, page)
        for row in rows:
            call.looked_at(row.resident or "")
        shown = [convert.entry(one) for one in statements.lines(rows, names=True, conn=conn)]
        return pb.ListStatementEntriesResponse(entries=shown, next_page_token=token)

    def RecordPayout(self, request: pb.RecordPayoutRequest, call: Call) -> pb.LedgerEntry:
        row = payouts.record_payout(
            organisation_id(request.parent),
            request.amount_fen,
            request.reference,
            scope=call.scope,
            uow=call.uow,
        )
        [line] = statements.lines([row], names=False, conn=call.uow.conn)
        return convert.entry(line)

    def GetLedgerBalance(self, request: pb.GetLedgerBalanceRequest, call: Call) -> pb.LedgerBalance:
        return convert.ledger_balance(statements.proof(conn=call.uow.conn))
