"""Kinds, units and states of services and orders: protobuf ⇄ domain."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import catalogue_pb2, orders_pb2

from xianban_eldercare.domain.catalogue import ServiceKind, ServiceUnit
from xianban_eldercare.domain.orders import OrderState

__all__ = ["KINDS", "ORDER_STATES", "SERVICE_KINDS", "UNITS", "UNITS_SHOWN"]

KINDS: Final = {
    catalogue_pb2.SERVICE_KIND_MEAL: ServiceKind.MEAL,
    catalogue_pb2.SERVICE_KIND_DAY_CARE: ServiceKind.DAY_CARE,
    catalogue_pb2.SERVICE_KIND_CLEANING: ServiceKind.CLEANING,
    catalogue_pb2.SERVICE_KIND_BATHING: ServiceKind.BATHING,
    catalogue_pb2.SERVICE_KIND_PERSONAL_CARE: ServiceKind.PERSONAL_CARE,
    catalogue_pb2.SERVICE_KIND_NURSING: ServiceKind.NURSING,
    catalogue_pb2.SERVICE_KIND_REHABILITATION: ServiceKind.REHABILITATION,
    catalogue_pb2.SERVICE_KIND_ESCORT: ServiceKind.ESCORT,
}
# As it is kept → as it is shown.
SERVICE_KINDS: Final = {kept.value: shown for shown, kept in KINDS.items()}
UNITS: Final = {
    catalogue_pb2.SERVICE_UNIT_PORTION: ServiceUnit.PORTION,
    catalogue_pb2.SERVICE_UNIT_TIME: ServiceUnit.TIME,
    catalogue_pb2.SERVICE_UNIT_HOUR: ServiceUnit.HOUR,
    catalogue_pb2.SERVICE_UNIT_DAY: ServiceUnit.DAY,
}
UNITS_SHOWN: Final = {kept.value: shown for shown, kept in UNITS.items()}
ORDER_STATES: Final = {
    OrderState.PLACED.value: orders_pb2.ORDER_STATE_PLACED,
    OrderState.ACCEPTED.value: orders_pb2.ORDER_STATE_ACCEPTED,
    OrderState.DECLINED.value: orders_pb2.ORDER_STATE_DECLINED,
    OrderState.CHECKED_IN.value: orders_pb2.ORDER_STATE_CHECKED_IN,
    OrderState.FULFILLED.value: orders_pb2.ORDER_STATE_FULFILLED,
    OrderState.CANCELLED.value: orders_pb2.ORDER_STATE_CANCELLED,
    OrderState.NO_SHOW.value: orders_pb2.ORDER_STATE_NO_SHOW,
    OrderState.LAPSED.value: orders_pb2.ORDER_STATE_LAPSED,
    OrderState.REFUNDED.value: orders_pb2.ORDER_STATE_REFUNDED,
}
