"""Answers about catalogues, orders and subsidies."""

from __future__ import annotations

from typing import Any

from eldercare_samples import ELDER, ID, stamp
from visit_samples import STATION
from xianban.eldercare.v1 import catalogue_pb2 as items
from xianban.eldercare.v1 import orders_pb2 as orders
from xianban.eldercare.v1 import subsidies_pb2 as subsidies

ITEM = f"{STATION}/serviceItems/lunch"


def item(**more: Any) -> items.ServiceItem:
    facts: dict[str, Any] = {
        "name": ITEM,
        "kind": items.SERVICE_KIND_MEAL,
        "display_name": "营养午餐",
        "display_name_en": "Lunch",
        "unit": items.SERVICE_UNIT_PORTION,
        "price_fen": 1500,
        "daily_capacity": 80,
        "area": "310120/nanqiao",
        "active": True,
        "version": 3,
        "organisation_display": "南桥站",
        "places_left": 12,
    }
    return items.ServiceItem(**(facts | more))


def order(state: Any = orders.ORDER_STATE_PLACED, **more: Any) -> orders.Order:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/orders/{ID}",
        "service_item": ITEM,
        "kind": items.SERVICE_KIND_MEAL,
        "display_name": "营养午餐",
        "display_name_en": "Lunch",
        "organisation": STATION,
        "organisation_display": "南桥站",
        "start_time": stamp(60),
        "quantity": 2,
        "unit": items.SERVICE_UNIT_PORTION,
        "price_fen": 3000,
        "subsidy_fen": 1800,
        "own_fen": 1200,
        "note": "少盐",
        "cancel_until_time": stamp(-60),
        "elder_display": "张桂芳",
        "address": "示例路 88 弄 6 号",
    }
    return orders.Order(state=state, **(facts | more))


def quote() -> orders.Quote:
    line = orders.QuoteLine
    return orders.Quote(
        lines=[
            line(kind=orders.QUOTE_LINE_KIND_PRICE, display="午餐 × 2", amount_fen=3000),
            line(kind=orders.QUOTE_LINE_KIND_SUBSIDY, display="助餐补贴", amount_fen=-1800),
            line(kind=orders.QUOTE_LINE_KIND_UNPAID, display="额度不足"),
            line(kind=orders.QUOTE_LINE_KIND_OWN_SHARE, display="自付", amount_fen=1200),
        ],
        price_fen=3000,
        subsidy_fen=1800,
        own_fen=1200,
        cancel_until_time=stamp(-60),
    )


def account() -> subsidies.SubsidyAccount:
    lot = subsidies.SubsidyLot(
        title="助餐补贴", first_date="2026-11-01", last_date="2026-11-30", granted_fen=6000
    )
    return subsidies.SubsidyAccount(
        sentence="本月还可用补贴 42.00 元", own_due_fen=1200, lots=[lot], source="示范区数据"
    )


def entries() -> list[subsidies.LedgerEntry]:
    """One of each kind."""
    sides = [
        subsidies.Posting(account=subsidies.LEDGER_ACCOUNT_RESERVED, amount_fen=-1800),
        subsidies.Posting(account=subsidies.LEDGER_ACCOUNT_SUBSIDY_DUE, amount_fen=1800),
    ]
    return [
        subsidies.LedgerEntry(
            entry=f"{ID[:-1]}{kind}",
            kind=kind,
            book_time=stamp(0),
            order=f"{ELDER}/orders/{ID}",
            display_name="=cmd()",
            display_name_en="Lunch",
            postings=sides,
            elder_display="张桂芳",
        )
        for kind in subsidies.EntryKind.values()
        if kind
    ]


def order_replies() -> dict[str, Any]:
    """RPC → answer."""
    every = [order(state, stars=3 if state == 5 else 0) for state in range(1, 10)]
    balance = subsidies.StatementBalance(
        account=subsidies.LEDGER_ACCOUNT_SUBSIDY_DUE, change_fen=1800, closing_fen=1800
    )
    return {
        "ListServiceItems": items.ListServiceItemsResponse(
            service_items=[item(kind=2, unit=4, name=f"{STATION}/serviceItems/day"), item()]
        ),
        **dict.fromkeys(("GetServiceItem", "UpdateServiceItem"), item()),
        "QuoteOrder": quote(),
        "ListOrders": orders.ListOrdersResponse(orders=every, next_page_token="more"),
        "ListOrganisationOrders": orders.ListOrganisationOrdersResponse(
            orders=[*every, order(2, kind=4)], next_page_token="more"
        ),
        **dict.fromkeys(
            (
                "PlaceOrder", "GetOrder", "CancelOrder", "RateOrder", "AcceptOrder",
                "PlanOrderVisit", "DeclineOrder", "CheckInOrder", "CompleteOrder", "ReportNoShow",
                "RecordOwnPayment", "RefundOrder",
            ),
            order(),
        ),
        "GetSubsidyAccount": account(),
        "ListSubsidyEntries": subsidies.ListSubsidyEntriesResponse(entries=entries()),
        "RecordPayout": subsidies.LedgerEntry(),
        "GetStatement": subsidies.Statement(balances=[balance], orders=1),
        "ListStatementEntries": subsidies.ListStatementEntriesResponse(entries=entries()),
    }  # fmt: skip
