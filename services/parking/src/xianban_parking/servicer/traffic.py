"""xianban.parking.v1.TrafficService"""

from __future__ import annotations

from xianban.parking.v1 import traffic_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_parking.convert import traffic as convert
from xianban_parking.handlers.traffic import verdict_of
from xianban_parking.repository import Page, Traffic

__all__ = ["TrafficServicer"]


class TrafficServicer:
    """Who tells how traffic moves, for operators."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def ListTrafficSources(
        self, request: pb.ListTrafficSourcesRequest, call: Call
    ) -> pb.ListTrafficSourcesResponse:
        page = Page(request.page_size, request.page_token, list=call.action)
        rows, token = Traffic(call.uow.conn, call.scope).listed(page)
        now = call.clock.now()
        found = [convert.source(row, verdict_of(row, now), call.locale) for row in rows]
        return pb.ListTrafficSourcesResponse(traffic_sources=found, next_page_token=token)
