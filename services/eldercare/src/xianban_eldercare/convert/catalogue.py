"""Catalogues: protobuf ⇄ rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from xianban.eldercare.v1 import catalogue_pb2 as pb

from xianban_eldercare.convert.order_words import KINDS, SERVICE_KINDS, UNITS, UNITS_SHOWN
from xianban_eldercare.handlers.catalogue import Offer
from xianban_eldercare.repository.catalogue import Wanted
from xianban_eldercare.repository.order_rows import ItemRow

__all__ = ["item_key", "service_item", "wanted", "written"]

_UNSET: Final = datetime(1970, 1, 1, tzinfo=UTC)


def item_key(name: str) -> tuple[str, str]:
    """`organisations/{o}/serviceItems/{i}` → both ids."""
    _, organisation, _, item = name.split("/")
    return organisation, item


def wanted(request: pb.ListServiceItemsRequest) -> Wanted:
    kind = KINDS.get(request.kind)
    return Wanted(request.organisation.rpartition("/")[2], request.area, kind.value if kind else "")


def service_item(offer: Offer) -> pb.ServiceItem:
    row = offer.row
    return pb.ServiceItem(
        name=f"organisations/{row.organisation}/serviceItems/{row.id}",
        kind=SERVICE_KINDS[row.kind],
        display_name=row.display_name,
        display_name_en=row.display_name_en,
        unit=UNITS_SHOWN[row.unit],
        price_fen=row.price_fen,
        daily_capacity=row.daily_capacity,
        area=row.area,
        at_home=row.at_home,
        active=row.active,
        version=row.version,
        organisation_display=offer.organisation,
        places_left=offer.left,
    )


def written(given: pb.ServiceItem) -> ItemRow:
    """Version and instant are the service's."""
    organisation, item = item_key(given.name)
    return ItemRow(
        organisation=organisation,
        id=item,
        version=0,
        current=True,
        kind=KINDS[given.kind].value,
        display_name=given.display_name,
        display_name_en=given.display_name_en,
        unit=UNITS[given.unit].value,
        price_fen=given.price_fen,
        daily_capacity=given.daily_capacity,
        area=given.area,
        at_home=given.at_home,
        active=given.active,
        created_at=_UNSET,
    )
