"""xianban.eldercare.v1.WhereaboutsService"""

from __future__ import annotations

from collections.abc import Sequence

from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_eldercare.convert import searches as convert_searches
from xianban_eldercare.convert import whereabouts as convert
from xianban_eldercare.handlers import fences, searches, whereabouts
from xianban_eldercare.handlers.searches import Report
from xianban_eldercare.repository import CareFiles, Page
from xianban_eldercare.repository.fences import Fences
from xianban_eldercare.repository.searches import Searches
from xianban_eldercare.repository.whereabouts_rows import FenceRow, SearchRow

__all__ = ["WhereaboutsServicer"]


class WhereaboutsServicer:
    """Places, where locators were, and searches for the lost."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListFences(self, request: pb.ListFencesRequest, call: Call) -> pb.ListFencesResponse:
        resident = str(call.subject)
        CareFiles(call.uow.conn, call.scope).get(resident)
        rows = Fences(call.uow.conn, call.scope).of(resident)
        return pb.ListFencesResponse(fences=_fences(rows, call))

    def CreateFence(self, request: pb.CreateFenceRequest, call: Call) -> pb.Fence:
        wanted = convert.written(str(call.subject), "", request.fence)
        return _fences([fences.add_fence(wanted, scope=call.scope, uow=call.uow)], call)[0]

    def UpdateFence(self, request: pb.UpdateFenceRequest, call: Call) -> pb.Fence:
        given = request.fence
        wanted = convert.written(*convert.names_of(given.name), given)
        row = fences.change_fence(wanted, given.version, scope=call.scope, uow=call.uow)
        return _fences([row], call)[0]

    def DeleteFence(self, request: pb.DeleteFenceRequest, call: Call) -> pb.DeleteFenceResponse:
        fences.remove_fence(*convert.names_of(request.name), scope=call.scope, uow=call.uow)
        return pb.DeleteFenceResponse()

    def GetWhereabouts(self, request: pb.GetWhereaboutsRequest, call: Call) -> pb.Whereabouts:
        now = call.clock.now()
        found = whereabouts.seen(str(call.subject), scope=call.scope, conn=call.uow.conn, now=now)
        return convert.whereabouts(found, now, call.locale)

    def StartSearch(self, request: pb.StartSearchRequest, call: Call) -> pb.Search:
        report = Report(str(call.subject), request.reason, request.hours)
        row = searches.start_search(report, scope=call.scope, uow=call.uow)
        return _search(row, call)

    def ExtendSearch(self, request: pb.ExtendSearchRequest, call: Call) -> pb.Search:
        resident, number = convert.names_of(request.name)
        row = searches.extend_search(
            resident, number, request.hours, scope=call.scope, uow=call.uow
        )
        return _search(row, call)

    def EndSearch(self, request: pb.EndSearchRequest, call: Call) -> pb.Search:
        resident, number = convert.names_of(request.name)
        row = searches.end_search(resident, number, request.note, scope=call.scope, uow=call.uow)
        return _search(row, call)

    def GetSearch(self, request: pb.GetSearchRequest, call: Call) -> pb.Search:
        row, now = _looked(request.name, call), call.clock.now()
        sighted = whereabouts.live(row, scope=call.scope, conn=call.uow.conn, now=now)
        return convert.searched(_search(row, call), sighted, now, call.locale)

    def ListSearches(self, request: pb.ListSearchesRequest, call: Call) -> pb.ListSearchesResponse:
        page = Page(request.page_size, request.page_token, who=call.actor)
        rows, token = Searches(call.uow.conn, call.scope).open(page, call.clock.now())
        shown = [_search(row, call) for row in rows]
        return pb.ListSearchesResponse(searches=shown, next_page_token=token)

    def ListResidentSearches(
        self, request: pb.ListResidentSearchesRequest, call: Call
    ) -> pb.ListSearchesResponse:
        page = Page(request.page_size, request.page_token, of=call.subject)
        rows, token = Searches(call.uow.conn, call.scope).of(str(call.subject), page)
        shown = [_search(row, call) for row in rows]
        return pb.ListSearchesResponse(searches=shown, next_page_token=token)

    def ListTrailPoints(
        self, request: pb.ListTrailPointsRequest, call: Call
    ) -> pb.ListTrailPointsResponse:
        row = _looked(request.parent, call)
        page = Page(request.page_size, request.page_token, of=request.parent)
        points, token = Searches(call.uow.conn, call.scope).trail(row, page)
        shown = [convert_searches.trail_point(*one) for one in points]
        return pb.ListTrailPointsResponse(points=shown, next_page_token=token)


def _looked(name: str, call: Call) -> SearchRow:
    resident, number = convert.names_of(name)
    return whereabouts.search_seen(
        resident,
        number,
        basis=call.basis,
        scope=call.scope,
        conn=call.uow.conn,
        now=call.clock.now(),
    )


def _fences(rows: Sequence[FenceRow], call: Call) -> list[pb.Fence]:
    known = Fences(call.uow.conn, call.scope).standings([row.id for row in rows])
    return [
        convert.fence(row, [one for (number, _), one in known.items() if number == row.id])
        for row in rows
    ]


def _search(row: SearchRow, call: Call) -> pb.Search:
    return convert_searches.search(row, call.clock.now(), call.locale)
