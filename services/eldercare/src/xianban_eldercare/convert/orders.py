"""Orders and quotes: protobuf ⇄ rows, with the lines in the caller's language."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import orders_pb2 as pb
from xianban_sdk.alerts import Place
from xianban_sdk.i18n import text
from xianban_sdk.wire import instant, put, stamp

from xianban_eldercare.convert.care_files import resident_of
from xianban_eldercare.convert.catalogue import item_key
from xianban_eldercare.convert.order_words import ORDER_STATES, SERVICE_KINDS, UNITS_SHOWN
from xianban_eldercare.domain.subsidies import Share
from xianban_eldercare.events import yuan
from xianban_eldercare.handlers.order_views import SeenOrder
from xianban_eldercare.handlers.orders import Asked, Quoted, cancel_until
from xianban_eldercare.handlers.subsidies import Lacking
from xianban_eldercare.repository.order_rows import OrderRow

__all__ = ["asked", "order", "order_id", "place", "quote", "wished"]

_PACKAGE: Final = "xianban_eldercare"


def order_id(name: str) -> str:
    """`residents/{r}/orders/{o}` → the order's id."""
    return name.rpartition("/")[2]


def asked(request: pb.QuoteOrderRequest | pb.PlaceOrderRequest) -> Asked:
    return Asked(
        resident=resident_of(request.parent),
        item=item_key(request.service_item),
        start_at=instant(request.start_time),
        quantity=request.quantity,
    )


def wished(request: pb.PlaceOrderRequest) -> Asked:
    """With what only an order says."""
    known = asked(request)
    own = request.own_fen if request.HasField("own_fen") else None
    return Asked(known.resident, known.item, known.start_at, known.quantity, request.note, own)


def place(request: pb.CheckInOrderRequest) -> Place | None:
    if not request.HasField("position"):
        return None
    found = request.position
    return Place(found.latitude, found.longitude, found.accuracy_m)


def quote(quoted: Quoted, locale: str) -> pb.Quote:
    found = quoted.quote
    return pb.Quote(
        lines=_lines(quoted, locale),
        price_fen=found.price_fen,
        subsidy_fen=found.subsidy_fen,
        own_fen=found.own_fen,
        rules=quoted.rules.version,
        cancel_until_time=stamp(quoted.cancel_until),
    )


def _lines(quoted: Quoted, locale: str) -> list[pb.QuoteLine]:
    found, item = quoted.quote, quoted.item
    name = item.display_name if locale == "zh-CN" else item.display_name_en
    said = {"item": name, "each": yuan(item.price_fen), "count": quoted.quantity}
    price = text("quote-price", locale, _PACKAGE, **said)
    shares = [_share(one, locale) for one in found.shares]
    shares += [_lacking(one, locale) for one in quoted.lacking]
    if not shares:
        none = text("quote-no-subsidy", locale, _PACKAGE)
        shares = [pb.QuoteLine(kind=pb.QUOTE_LINE_KIND_UNPAID, display=none)]
    own = text("quote-own", locale, _PACKAGE)
    return [
        pb.QuoteLine(kind=pb.QUOTE_LINE_KIND_PRICE, display=price, amount_fen=found.price_fen),
        *shares,
        pb.QuoteLine(kind=pb.QUOTE_LINE_KIND_OWN_SHARE, display=own, amount_fen=found.own_fen),
    ]


def _share(share: Share, locale: str) -> pb.QuoteLine:
    """Less than its percent: the month's sum is used up, and the line says so."""
    key = "quote-subsidy" if share.fen == share.most else "quote-subsidy-short"
    kind = pb.QUOTE_LINE_KIND_SUBSIDY if share.fen else pb.QUOTE_LINE_KIND_UNPAID
    title = share.grant.texts[locale]
    said = text(key, locale, _PACKAGE, subsidy=title, percent=share.percent)
    return pb.QuoteLine(kind=kind, display=said, amount_fen=-share.fen)


def _lacking(one: Lacking, locale: str) -> pb.QuoteLine:
    title = one.grant.texts[locale]
    said = text(f"quote-{one.why}", locale, _PACKAGE, subsidy=title)
    return pb.QuoteLine(kind=pb.QUOTE_LINE_KIND_UNPAID, display=said)


def order(seen: SeenOrder) -> pb.Order:
    """`elder_display` and `address` are there where the file came along."""
    row, item, file = seen.row, seen.item, seen.file
    made = pb.Order(
        name=row.name,
        service_item=f"organisations/{row.organisation}/serviceItems/{row.item}",
        service_item_version=row.item_version,
        kind=SERVICE_KINDS[row.kind],
        display_name=item.display_name,
        display_name_en=item.display_name_en,
        organisation=f"organisations/{row.organisation}",
        organisation_display=seen.organisation,
        start_time=stamp(row.start_at),
        quantity=row.quantity,
        unit=UNITS_SHOWN[item.unit],
        price_fen=row.price_fen,
        subsidy_fen=row.subsidy_fen,
        own_fen=row.own_fen,
        state=ORDER_STATES[row.state],
        note=row.note,
        reason=row.reason,
        place_time=stamp(row.placed_at),
        cancel_until_time=stamp(cancel_until(row)),
        at_home=item.at_home,
        version=row.version,
    )
    _done(row, made)
    if seen.visit is not None:
        made.visit = f"residents/{row.resident}/visits/{seen.visit.id}"
        made.visit_carer_display = seen.visit.carer_display
    if file is not None:
        made.elder_display = file.display_name
        made.address = file.address if item.at_home else ""
    return made


def _done(row: OrderRow, made: pb.Order) -> None:
    made.check_in_by_display, made.receipt = row.checked_in_by_display, row.receipt
    made.stars, made.comment = row.stars, row.comment
    put(made.check_in_time, row.checked_in_at)
    put(made.fulfil_time, row.fulfilled_at)
    put(made.pay_time, row.paid_at)
    if row.distance_metres is not None:
        made.distance_metres = row.distance_metres
