"""Parking in the portal: residents' and operators' pages, and the APDS façade for programs."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route
from xianban_sdk.web import NavEntry, Site

from xianban_parking.web import (
    apds,
    cameras,
    guidance,
    incidents,
    lots,
    payments,
    permits,
    reservations,
    sessions,
    staff,
    staff_money,
    staff_tariff,
    vehicles,
)
from xianban_parking.web.tile import tile

_POST = ["POST"]
_STAFF = "/parking/operator/lots/{lot}"


def _public() -> list[BaseRoute]:
    return [
        Route("/parking", lots.lots),
        Route("/parking/live", lots.stream),
        Route("/parking/find", guidance.find),
        Route("/parking/lots/{lot}", lots.lot),
    ]


def _own() -> list[BaseRoute]:
    one = "/parking/reservations/{reservation}"
    detail = reservations.detail
    return [
        Route("/parking/lots/{lot}/reserve", reservations.reserve, methods=_POST),
        Route("/parking/reservations", reservations.reservations),
        Route(one, detail("parking/reservation.html")),
        Route(f"{one}/print", detail("parking/reservation_print.html")),
        Route(f"{one}/cancel", reservations.cancel, methods=_POST),
        Route("/parking/vehicles", vehicles.vehicles, methods=["GET"]),
        Route("/parking/vehicles", vehicles.add, methods=_POST),
        Route("/parking/vehicles/{vehicle}/remove", vehicles.remove, methods=_POST),
        Route("/parking/sessions", sessions.sessions),
        Route("/parking/sessions/{session}", sessions.session),
        Route("/parking/sessions/{session}/dispute", sessions.dispute, methods=_POST),
        Route("/parking/permits", permits.permits),
        Route("/parking/permits/new", permits.apply_form, methods=["GET"]),
        Route("/parking/permits/new", permits.apply, methods=_POST),
        Route("/parking/permits/{permit}/cancel", permits.cancel, methods=_POST),
    ]


def _money() -> list[BaseRoute]:
    return [
        Route("/parking/payments", payments.payments, methods=["GET"]),
        Route("/parking/payments", payments.pay, methods=_POST),
        Route("/parking/payments/{payment}", payments.payment),
        Route("/parking/payments/{payment}/state", payments.payment_state),
        Route("/parking/receipts", payments.receipts),
        Route("/parking/receipts/{receipt}", payments.receipt),
    ]


def _staff() -> list[BaseRoute]:
    return [
        Route("/parking/operator", staff.overview),
        Route("/parking/operator/feeds/{feed}", staff.feed),
        Route(_STAFF, staff.lot),
        Route(f"{_STAFF}/override", staff.override, methods=_POST),
        Route(f"{_STAFF}/clear", staff.clear_override, methods=_POST),
        Route(f"{_STAFF}/money", staff_money.money),
        Route(f"{_STAFF}/refund", staff_money.refund, methods=_POST),
        Route(f"{_STAFF}/disputes", staff_money.disputes, methods=["GET"]),
        Route(f"{_STAFF}/disputes", staff_money.resolve, methods=_POST),
        Route(f"{_STAFF}/plates", staff_money.plates, methods=["GET"]),
        Route(f"{_STAFF}/plates", staff_money.look_up, methods=_POST),
        Route(f"{_STAFF}/tariff", staff_tariff.tariff, methods=["GET"]),
        Route(f"{_STAFF}/tariff", staff_tariff.update, methods=_POST),
    ]


def _incidents() -> list[BaseRoute]:
    one = "/parking/operator/incidents/{incident}"
    return [
        Route("/parking/operator/incidents", incidents.incidents),
        Route("/parking/operator/incidents/live", incidents.stream),
        Route(one, incidents.incident),
        Route(f"{one}/{{deed}}", incidents.act, methods=_POST),
        Route("/parking/operator/cameras", cameras.listing, methods=["GET"]),
        Route("/parking/operator/cameras", cameras.register, methods=_POST),
        Route("/parking/operator/cameras/{camera}/retire", cameras.retire, methods=_POST),
    ]


site = Site(
    name="parking",
    package="xianban_parking.web",
    texts="xianban_parking.web",
    title="site-title",
    summary="site-summary",
    icon="parking",
    home="/parking",
    service="parking",
    order=10,
    routes=[*_public(), *_own(), *_money(), *_staff(), *_incidents(), *apds.routes()],
    machine_paths=(apds.ROOT,),
    nav=[
        NavEntry("/parking", "nav-parking", "parking", "bottom"),
        NavEntry("/parking/reservations", "nav-reservations", "calendar", "me"),
        NavEntry("/parking/sessions", "nav-sessions", "car", "me"),
        NavEntry("/parking/vehicles", "nav-vehicles", "car", "me"),
        NavEntry("/parking/receipts", "nav-receipts", "receipt", "me"),
        NavEntry("/parking/permits", "nav-permits", "permit", "me"),
        NavEntry("/parking/operator", "nav-operator", "chart", "main", staff.ROLES),
        NavEntry("/parking/operator/incidents", "nav-incidents", "warn", "main", incidents.ROLES),
    ],
    tile=tile,
)
