"""xianban.eldercare.v1.VisitService"""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import visits_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.wire import optional_place

from xianban_eldercare.convert import visits as convert
from xianban_eldercare.convert.organisations import organisation_id
from xianban_eldercare.handlers import fulfilment, planning, visits
from xianban_eldercare.handlers.assignments import by_visit_alone
from xianban_eldercare.repository import Page
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.visits import Visits

__all__ = ["VisitServicer"]

_ELDER_DAYS: Final = 92
_ROSTER_DAYS: Final = 31


class VisitServicer:
    """Visits to elders' homes."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListVisits(self, request: pb.ListVisitsRequest, call: Call) -> pb.ListVisitsResponse:
        span = convert.span(request)
        visits.check_span(span, _ELDER_DAYS)
        page = Page(request.page_size, request.page_token, of=call.subject, span=span)
        book = Visits(call.uow.conn, call.scope)
        return _listed(book.of_elder(str(call.subject), span, page), call)

    def GetVisit(self, request: pb.GetVisitRequest, call: Call) -> pb.Visit:
        book, visit_id = Visits(call.uow.conn, call.scope), convert.visit_id(request.name)
        if by_visit_alone(call.basis, call.scope):
            return _shown(book.assigned(visit_id, call.clock.now()), call, contact=True)
        row = book.get(visit_id)
        return _shown(row, call, contact=row.carer == call.actor)

    def PlanVisit(self, request: pb.PlanVisitRequest, call: Call) -> pb.Visit:
        wanted = convert.written(str(call.subject), request.visit)
        return _shown(planning.plan_visit(wanted, scope=call.scope, uow=call.uow), call)

    def CancelVisit(self, request: pb.CancelVisitRequest, call: Call) -> pb.Visit:
        visit_id = convert.visit_id(request.name)
        row = visits.cancel_visit(visit_id, request.reason, scope=call.scope, uow=call.uow)
        return _shown(row, call)

    def CheckInVisit(self, request: pb.CheckInVisitRequest, call: Call) -> pb.Visit:
        visit_id, place = convert.visit_id(request.name), optional_place(request)
        fulfilment.hold_order_of(visit_id, uow=call.uow)
        row = visits.check_in(
            visit_id,
            place,
            request.away_reason,
            scope=call.scope,
            uow=call.uow,
        )
        fulfilment.begun_by_visit(row, place, scope=call.scope, uow=call.uow)
        return _shown(row, call, contact=True)

    def CheckOutVisit(self, request: pb.CheckOutVisitRequest, call: Call) -> pb.Visit:
        visit_id = convert.visit_id(request.name)
        fulfilment.hold_order_of(visit_id, uow=call.uow)
        row = visits.check_out(visit_id, request.done, request.note, scope=call.scope, uow=call.uow)
        fulfilment.done_by_visit(row, uow=call.uow)
        return _shown(row, call, contact=True)

    def ListRoute(self, request: pb.ListRouteRequest, call: Call) -> pb.ListVisitsResponse:
        span = convert.span(request)
        visits.check_span(span, _ROSTER_DAYS)
        page = Page(request.page_size, request.page_token, of=call.actor, span=span)
        book = Visits(call.uow.conn, call.scope)
        return _listed(book.route(call.clock.now(), span, page), call, contact=True)

    def ListRoster(self, request: pb.ListRosterRequest, call: Call) -> pb.ListVisitsResponse:
        span, organisation = convert.span(request), organisation_id(request.parent)
        visits.check_span(span, _ROSTER_DAYS)
        Organisations(call.uow.conn, call.scope).own_one(organisation, field="parent")
        page = Page(request.page_size, request.page_token, of=organisation, span=span)
        book = Visits(call.uow.conn, call.scope)
        return _listed(book.roster(organisation, span, page), call)


def _shown(row: VisitRow, call: Call, *, contact: bool = False) -> pb.Visit:
    [seen] = visits.seen([row], conn=call.uow.conn)
    return convert.visit(seen, contact=contact)


def _listed(
    found: tuple[list[VisitRow], str], call: Call, *, contact: bool = False
) -> pb.ListVisitsResponse:
    """Whose visits are shown has been looked at."""
    rows, token = found
    for row in rows:
        call.looked_at(row.resident)
    shown = [convert.visit(one, contact=contact) for one in visits.seen(rows, conn=call.uow.conn)]
    return pb.ListVisitsResponse(visits=shown, next_page_token=token)
