"""Elder care in the portal: the elder's and the family's pages, the duty desk, the care file."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route
from xianban_sdk.web import NavEntry, Site

from xianban_eldercare.web import (
    alerts,
    board,
    elders,
    fences,
    file,
    home,
    limits,
    sos,
    vitals,
    whereabouts,
)
from xianban_eldercare.web.tile import tile

_POST = ["POST"]
_GET = ["GET"]


def _own() -> list[BaseRoute]:
    return [
        Route("/eldercare", home.home),
        Route("/eldercare/now", home.now),
        Route("/eldercare/sos", sos.sos, methods=_GET),
        Route("/eldercare/sos", sos.press, methods=_POST),
        Route("/eldercare/sos/call", sos.call_for_help, methods=_POST),
        Route("/eldercare/sos/cancel", sos.cancel, methods=_POST),
        Route("/eldercare/sos/state", sos.state),
        Route(whereabouts.HERE, whereabouts.whereabouts),
        Route(f"{whereabouts.HERE}/now", whereabouts.now),
        *_whereabouts(whereabouts.HERE),
        Route("/eldercare/vitals/{kind}", vitals.vital),
        Route("/eldercare/alerts", alerts.alerts),
        Route("/eldercare/alerts/{alert}", alerts.alert),
        Route("/eldercare/alerts/{alert}/acknowledge", alerts.acknowledge, methods=_POST),
    ]


def _whereabouts(path: str) -> list[BaseRoute]:
    return [
        Route(f"{path}/lost", whereabouts.report, methods=_GET),
        Route(f"{path}/lost", whereabouts.start, methods=_POST),
        Route(f"{path}/searches/{{search}}/extend", whereabouts.extend, methods=_POST),
        Route(f"{path}/searches/{{search}}/end", whereabouts.end, methods=_POST),
        Route(f"{path}/fences", fences.fences),
        Route(f"{path}/fences/{{fence}}", fences.edit, methods=_GET),
        Route(f"{path}/fences/{{fence}}", fences.save, methods=_POST),
        Route(f"{path}/fences/{{fence}}/remove", fences.remove, methods=_POST),
    ]


def _file(path: str) -> list[BaseRoute]:
    return [
        Route(path, file.view),
        Route(f"{path}/edit", file.edit, methods=_GET),
        Route(f"{path}/edit", file.save, methods=_POST),
        Route(f"{path}/limits", limits.limits),
        Route(f"{path}/limits/{{kind}}", limits.save, methods=_POST),
    ]


def _staff() -> list[BaseRoute]:
    return [
        Route("/eldercare/board", board.board),
        Route("/eldercare/board/live", board.stream),
        Route("/eldercare/board/alerts/{alert}", board.alert),
        Route("/eldercare/board/alerts/{alert}/{deed}", board.act, methods=_POST),
        Route("/eldercare/elders", elders.elders),
        Route("/eldercare/elders/{resident}", elders.elder),
        *_file("/eldercare/elders/{resident}/file"),
        *_whereabouts("/eldercare/elders/{resident}/whereabouts"),
        Route("/eldercare/searches", whereabouts.searches),
        Route("/eldercare/searches/now", whereabouts.searches_now),
    ]


site = Site(
    name="eldercare",
    package="xianban_eldercare.web",
    texts="xianban_eldercare.web",
    title="site-title",
    summary="site-summary",
    icon="care",
    home="/eldercare",
    service="eldercare",
    order=20,
    routes=[*_own(), *_file("/eldercare/file"), *_staff()],
    nav=[
        NavEntry("/eldercare", "nav-eldercare", "care", "bottom"),
        NavEntry("/eldercare/alerts", "nav-alerts", "bell", "me"),
        NavEntry("/eldercare/file", "nav-file", "document", "me"),
        NavEntry(whereabouts.HERE, "nav-whereabouts", "pin", "me"),
        NavEntry("/eldercare/board", "nav-board", "warn", "main", board.ROLES),
        NavEntry("/eldercare/elders", "nav-elders", "people", "main", board.ROLES),
        NavEntry("/eldercare/searches", "nav-searches", "pin", "main", whereabouts.RESPONDERS),
    ],
    tile=tile,
)
