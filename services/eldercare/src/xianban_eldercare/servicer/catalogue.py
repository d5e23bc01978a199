"""xianban.eldercare.v1.CatalogueService"""

from __future__ import annotations

from xianban.eldercare.v1 import catalogue_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.clock import local_day
from xianban_sdk.rpc import Call
from xianban_sdk.wire import day

from xianban_eldercare.convert import catalogue as convert
from xianban_eldercare.handlers import catalogue as handlers
from xianban_eldercare.repository import Page
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow

__all__ = ["CatalogueServicer"]


class CatalogueServicer:
    """What elders may order."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListServiceItems(
        self, request: pb.ListServiceItemsRequest, call: Call
    ) -> pb.ListServiceItemsResponse:
        wanted = convert.wanted(request)
        asked = day(request.date, "date") if request.date else local_day(call.clock.now())
        of = (wanted.organisation, wanted.area, wanted.kind)
        page = Page(request.page_size, request.page_token, of=of)
        rows, token = Catalogue(call.uow.conn, call.scope).listed(page, wanted)
        found = handlers.offers(rows, asked, conn=call.uow.conn)
        shown = [convert.service_item(one) for one in found]
        return pb.ListServiceItemsResponse(service_items=shown, next_page_token=token)

    def GetServiceItem(self, request: pb.GetServiceItemRequest, call: Call) -> pb.ServiceItem:
        book = Catalogue(call.uow.conn, call.scope)
        return _shown(book.get(convert.item_key(request.name)), call)

    def UpdateServiceItem(self, request: pb.UpdateServiceItemRequest, call: Call) -> pb.ServiceItem:
        given = request.service_item
        row = handlers.write_item(
            convert.written(given), given.version, scope=call.scope, uow=call.uow
        )
        return _shown(row, call)


def _shown(row: ItemRow, call: Call) -> pb.ServiceItem:
    [offer] = handlers.offers([row], local_day(call.clock.now()), conn=call.uow.conn)
    return convert.service_item(offer)
