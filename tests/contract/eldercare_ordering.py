"""What the tests of catalogues, orders and subsidies share."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from eldercare_names import ELDER, HERE
from xianban.eldercare.v1 import catalogue_pb2, orders_pb2, subsidies_pb2
from xianban.eldercare.v1.catalogue_pb2_grpc import CatalogueServiceStub
from xianban.eldercare.v1.orders_pb2_grpc import OrderServiceStub
from xianban.eldercare.v1.subsidies_pb2_grpc import SubsidyServiceStub
from xianban_eldercare.repository.tables import care_file

STATION = "organisations/nanqiao"
BATH = f"{STATION}/serviceItems/test-bath"
_numbers = count(1)


def request_id():
    return f"order-{next(_numbers):06d}"


def catalogue(eldercare, person):
    return eldercare.as_(person, CatalogueServiceStub)


def orders(eldercare, person):
    return eldercare.as_(person, OrderServiceStub)


def subsidies(eldercare, person):
    return eldercare.as_(person, SubsidyServiceStub)


def level_of(eldercare, level, days=200):
    """As if somebody had assessed the elder, for so many days to come."""
    due = eldercare.clock.now() + timedelta(days=days)
    with eldercare.db.begin() as conn:
        conn.execute(care_file.update().values(care_level=level, level_due_at=due))


def written(eldercare, name=BATH, person="doctor", version=0, **changes):
    facts = {
        "kind": catalogue_pb2.SERVICE_KIND_BATHING,
        "display_name": "上门助浴",
        "display_name_en": "Bathing at home",
        "unit": catalogue_pb2.SERVICE_UNIT_TIME,
        "price_fen": 12_001,
        "daily_capacity": 3,
        "area": HERE,
        "at_home": True,
        "active": True,
    }
    item = catalogue_pb2.ServiceItem(name=name, version=version, **(facts | changes))
    asked = catalogue_pb2.UpdateServiceItemRequest(service_item=item, request_id=request_id())
    return catalogue(eldercare, person).UpdateServiceItem(asked)


def wanted(eldercare, hours=24.0, item=BATH, quantity=1, parent=ELDER, **more):
    asked = orders_pb2.PlaceOrderRequest(
        parent=parent, service_item=item, quantity=quantity, request_id=request_id(), **more
    )
    asked.start_time.FromDatetime(eldercare.clock.now() + timedelta(hours=hours))
    return asked


def placed(eldercare, person="elder", **how):
    return orders(eldercare, person).PlaceOrder(wanted(eldercare, **how))


def quoted(eldercare, person="elder", hours=24.0, item=BATH, quantity=1):
    asked = orders_pb2.QuoteOrderRequest(parent=ELDER, service_item=item, quantity=quantity)
    asked.start_time.FromDatetime(eldercare.clock.now() + timedelta(hours=hours))
    return orders(eldercare, person).QuoteOrder(asked)


def deed(kind, order, **more):
    """A request about an order."""
    return kind(name=order.name, request_id=request_id(), **more)


def accepted(eldercare, **how):
    stub = orders(eldercare, "doctor")
    return stub.AcceptOrder(deed(orders_pb2.AcceptOrderRequest, placed(eldercare, **how)))


def fulfilled(eldercare, receipt="", **how):
    """Placed for an hour from now, accepted, and done."""
    made = accepted(eldercare, **({"hours": 1} | how))
    later(eldercare, hours=1)
    stub = orders(eldercare, "doctor")
    stub.CheckInOrder(deed(orders_pb2.CheckInOrderRequest, made))
    return stub.CompleteOrder(deed(orders_pb2.CompleteOrderRequest, made, receipt=receipt))


def purse(eldercare, person="elder"):
    asked = subsidies_pb2.GetSubsidyAccountRequest(name=f"{ELDER}/subsidyAccount")
    return subsidies(eldercare, person).GetSubsidyAccount(asked)


def books(eldercare):
    """The proof, whose two zeros are asserted wherever it is read."""
    asked = subsidies_pb2.GetLedgerBalanceRequest()
    found = subsidies(eldercare, "auditor").GetLedgerBalance(asked)
    assert (found.sum_fen, found.unbalanced_entries) == (0, 0)
    return {one.account: one.balance_fen for one in found.accounts}


def later(eldercare, **span):
    """Time goes on, and identity still says that all is known."""
    eldercare.clock.advance(timedelta(**span))
    eldercare.fire_timers()
    eldercare.world.beat()
