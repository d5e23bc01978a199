"""The visit by which something ordered is done at the elder's home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import orjson
from xianban_sdk import i18n
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.catalogue import ServiceKind, ServiceUnit
from xianban_eldercare.domain.orders import OrderState
from xianban_eldercare.domain.visits import VisitKind, VisitState
from xianban_eldercare.handlers.planning import plan_visit
from xianban_eldercare.handlers.visits import call_off, visit_of
from xianban_eldercare.repository import MACHINE, Scope, Visits
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow, OrderRow
from xianban_eldercare.repository.organisation_rows import VisitRow

__all__ = ["Sent", "call_off_with", "must_go_without", "plan"]

_KINDS: Final = {
    ServiceKind.MEAL: VisitKind.MEAL,
    ServiceKind.CLEANING: VisitKind.CLEANING,
    ServiceKind.BATHING: VisitKind.BATHING,
    ServiceKind.PERSONAL_CARE: VisitKind.PERSONAL_CARE,
    ServiceKind.NURSING: VisitKind.NURSING,
    ServiceKind.REHABILITATION: VisitKind.REHABILITATION,
}
_HOUR: Final = 60
_LOCALE: Final = "zh-CN"


@dataclass(frozen=True, slots=True)
class Sent:
    """Who goes there, for how long (0: as ordered), and how long the way is."""

    carer: str
    minutes: int
    travel_minutes: int


def plan(row: OrderRow, sent: Sent, *, scope: Scope, uow: UnitOfWork) -> VisitRow:
    """Of a locked order; whether the carer may and can, the roster says."""
    key = (row.organisation, row.item, row.item_version)
    item = Catalogue(uow.conn, MACHINE).versions({key})[key]
    kind = _KINDS.get(ServiceKind(row.kind))
    if kind is None or not item.at_home:
        raise FailedPrecondition("ORDER_NOT_AT_HOME", field="name")
    if row.state != OrderState.ACCEPTED:
        raise FailedPrecondition(f"ORDER_{OrderState(row.state).name}", field="name")
    if Visits(uow.conn, MACHINE).of_orders([row.id]):
        raise FailedPrecondition("ORDER_HAS_VISIT", field="name")
    wanted = VisitRow(
        resident=row.resident,
        organisation=row.organisation,
        carer=sent.carer,
        kind=kind.value,
        start_at=row.start_at,
        end_at=row.start_at + timedelta(minutes=sent.minutes or _minutes(row, item)),
        travel_minutes=sent.travel_minutes,
        tasks=orjson.dumps([{"text": item.display_name, "done": False}]).decode(),
        order_id=row.id,
    )
    return plan_visit(wanted, scope=scope, uow=uow)


def _minutes(row: OrderRow, item: ItemRow) -> int:
    return _HOUR * (row.quantity if item.unit == ServiceUnit.HOUR else 1)


def must_go_without(row: OrderRow, *, uow: UnitOfWork) -> None:
    """Raises while a carer is sent and can still check in and out at the visit."""
    found = Visits(uow.conn, MACHINE).of_orders([row.id]).get(row.id)
    if found is not None and visit_of(found).goes_on(uow.clock.now()):
        raise FailedPrecondition("ORDER_GOES_BY_VISIT", field="name")


def call_off_with(row: OrderRow, *, uow: UnitOfWork) -> None:
    """It will not be done: nobody is sent."""
    found = Visits(uow.conn, MACHINE).of_orders([row.id], locked=True).get(row.id)
    if found is not None and found.state == VisitState.PLANNED:
        call_off(found, i18n.text("visit-order-off", _LOCALE, "xianban_eldercare"), uow=uow)
