"""Elder care in the portal: the elder's and the family's pages, the duty desk, the care file."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route
from xianban_sdk.web import NavEntry, Site

from xianban_eldercare.web import (
    alerts,
    assess,
    assessments,
    board,
    elders,
    file,
    home,
    limits,
    sos,
    vitals,
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
        Route("/eldercare/vitals/{kind}", vitals.vital),
        Route("/eldercare/alerts", alerts.alerts),
        Route("/eldercare/alerts/{alert}", alerts.alert),
        Route("/eldercare/alerts/{alert}/acknowledge", alerts.acknowledge, methods=_POST),
        Route(assessments.OWN, assessments.assessments),
        Route(f"{assessments.OWN}/{{assessment}}", assessments.assessment),
    ]


def _file(path: str) -> list[BaseRoute]:
    return [
        Route(path, file.view),
        Route(f"{path}/edit", file.edit, methods=_GET),
        Route(f"{path}/edit", file.save, methods=_POST),
        Route(f"{path}/limits", limits.limits),
        Route(f"{path}/limits/{{kind}}", limits.save, methods=_POST),
    ]


def _assessor(path: str) -> list[BaseRoute]:
    case = f"{path}/{{resident}}/{{assessment}}"
    return [
        Route(path, assess.elders),
        Route(f"{path}/{{resident}}", assess.elder, methods=_GET),
        Route(f"{path}/{{resident}}", assess.begin, methods=_POST),
        Route(case, assess.assessment),
        Route(f"{case}/complete", assess.complete, methods=_POST),
        Route(f"{case}/discard", assess.discard, methods=_POST),
        Route(f"{case}/{{step}}", assess.step, methods=_GET),
        Route(f"{case}/{{step}}", assess.save, methods=_POST),
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
        Route("/eldercare/elders/{resident}/assessments", assessments.assessments, methods=_GET),
        Route("/eldercare/elders/{resident}/assessments", assessments.enter, methods=_POST),
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
    routes=[*_own(), *_file("/eldercare/file"), *_staff(), *_assessor("/eldercare/assess")],
    nav=[
        NavEntry("/eldercare", "nav-eldercare", "care", "bottom"),
        NavEntry("/eldercare/alerts", "nav-alerts", "bell", "me"),
        NavEntry("/eldercare/file", "nav-file", "document", "me"),
        NavEntry(assessments.OWN, "nav-assessments", "chart", "me"),
        NavEntry("/eldercare/assess", "nav-assess", "document", "main", (assess.ASSESSOR,)),
        NavEntry("/eldercare/board", "nav-board", "warn", "main", board.ROLES),
        NavEntry("/eldercare/elders", "nav-elders", "people", "main", board.ROLES),
    ],
    tile=tile,
)
