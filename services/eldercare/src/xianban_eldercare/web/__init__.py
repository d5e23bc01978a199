"""Elder care in the portal: the elder's and the family's pages, the duty desk, the care file."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route
from xianban_sdk.web import NavEntry, Site

from xianban_eldercare.web import (
    alerts,
    assess,
    assessments,
    board,
    board_parts,
    day_orders,
    elders,
    fences,
    file,
    home,
    limits,
    observations,
    orders,
    organisations,
    payouts,
    plan_changes,
    plans,
    playbook_deeds,
    referral_offers,
    referrals,
    roster,
    rounds,
    route,
    sos,
    visits,
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
        Route(assessments.OWN, assessments.assessments),
        Route(f"{assessments.OWN}/{{assessment}}", assessments.assessment),
        Route("/eldercare/visits", visits.visits),
        Route("/eldercare/visits/{visit}/cancel", visits.cancel, methods=_POST),
        Route("/eldercare/organisations", organisations.organisations),
        Route(referrals.OWN, referrals.referrals),
        Route(f"{referrals.OWN}/{{referral}}", referrals.referral),
        Route(f"{referrals.OWN}/{{referral}}/{{deed}}", referrals.act, methods=_POST),
        *_orders(orders.HERE),
        *_observations("/eldercare/observations"),
    ]


def _orders(path: str) -> list[BaseRoute]:
    new = f"{path}/new/{{organisation}}/{{item}}"
    return [
        Route(path, orders.orders),
        Route(f"{path}/subsidies", orders.subsidies),
        Route(new, orders.new, methods=_GET),
        Route(new, orders.place, methods=_POST),
        Route(f"{path}/{{order}}", orders.order),
        Route(f"{path}/{{order}}/cancel", orders.cancel, methods=_POST),
        Route(f"{path}/{{order}}/rate", orders.rate, methods=_POST),
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


def _observations(path: str) -> list[BaseRoute]:
    return [
        Route(path, observations.observations, methods=_GET),
        Route(path, observations.observe, methods=_POST),
        Route(f"{path}/scale", observations.save_scale, methods=_POST),
    ]


def _carer() -> list[BaseRoute]:
    here = "/eldercare/route/{resident}/{visit}"
    return [
        Route("/eldercare/route", route.route),
        Route(here, route.visit),
        Route(f"{here}/check-in", route.check_in, methods=_POST),
        Route(f"{here}/check-out", route.check_out, methods=_POST),
    ]


def _manager() -> list[BaseRoute]:
    here = "/eldercare/organisations/{organisation}"
    return [
        Route(f"{here}/roster", roster.roster),
        Route(f"{here}/rounds", rounds.rounds),
        Route(f"{here}/rounds/{{proposal}}/{{deed}}", rounds.act, methods=_POST),
        Route(f"{here}/plan", roster.plan, methods=_GET),
        Route(f"{here}/plan", roster.save, methods=_POST),
        Route(f"{here}/plans", plans.elders),
        Route(f"{here}/plans/{{resident}}", plans.plans),
        Route(f"{here}/plans/{{resident}}/{{plan}}/edit", plan_changes.edit, methods=_GET),
        Route(f"{here}/plans/{{resident}}/{{plan}}/edit", plan_changes.save, methods=_POST),
        Route(f"{here}/plans/{{resident}}/{{plan}}/end", plans.end, methods=_POST),
        Route(f"{here}/staff", organisations.staff),
        Route(f"{here}/staff/new", organisations.staff_edit, methods=_GET),
        Route(f"{here}/staff/new", organisations.staff_save, methods=_POST),
        Route(f"{here}/staff/{{person}}", organisations.staff_edit, methods=_GET),
        Route(f"{here}/staff/{{person}}", organisations.staff_save, methods=_POST),
        Route(f"{here}/beds", organisations.beds),
        Route(f"{here}/beds/{{bed}}/{{deed}}", organisations.bed_act, methods=_POST),
        Route(f"{here}/referrals", referral_offers.offers),
        Route(f"{here}/referrals/{{referral}}/{{deed}}", referral_offers.act, methods=_POST),
        Route(f"{here}/orders", day_orders.orders),
        Route(f"{here}/orders/{{resident}}/{{order}}/{{deed}}", day_orders.act, methods=_POST),
        Route(f"{here}/catalogue", day_orders.catalogue, methods=_GET),
        Route(f"{here}/catalogue", day_orders.save_item, methods=_POST),
        Route(f"{here}/statement", day_orders.statement),
        Route(f"{here}/payouts", payouts.record, methods=_POST),
        Route(f"{here}/statement.csv", day_orders.statement_csv),
    ]


def _referrer() -> list[BaseRoute]:
    here = "/eldercare/elders/{resident}/referrals"
    return [
        Route(referrals.SENT, referrals.sent),
        Route(here, referrals.referrals),
        Route(f"{here}/new", referrals.new, methods=_GET),
        Route(f"{here}/new", referrals.propose, methods=_POST),
        Route(f"{here}/{{referral}}", referrals.referral),
        Route(f"{here}/{{referral}}/{{deed}}", referrals.act, methods=_POST),
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


def _playbooks(path: str) -> list[BaseRoute]:
    return [
        Route(path, playbook_deeds.start, methods=_POST),
        Route(f"{path}/{{run}}/{{deed}}", playbook_deeds.act, methods=_POST),
    ]


def _staff() -> list[BaseRoute]:
    return [
        Route("/eldercare/board", board.board),
        Route("/eldercare/board/live", board.stream),
        Route("/eldercare/board/playbooks", board_parts.playbooks),
        Route("/eldercare/board/responders", board_parts.responders),
        Route("/eldercare/board/alerts/{alert}", board.alert),
        *_playbooks("/eldercare/board/alerts/{alert}/playbooks"),
        Route("/eldercare/board/alerts/{alert}/{deed}", board.act, methods=_POST),
        Route("/eldercare/elders", elders.elders),
        Route("/eldercare/elders/{resident}", elders.elder),
        *_file("/eldercare/elders/{resident}/file"),
        Route("/eldercare/elders/{resident}/assessments", assessments.assessments, methods=_GET),
        Route("/eldercare/elders/{resident}/assessments", assessments.enter, methods=_POST),
        *_whereabouts("/eldercare/elders/{resident}/whereabouts"),
        *_observations("/eldercare/elders/{resident}/observations"),
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
    routes=[
        *_own(),
        *_file("/eldercare/file"),
        *_staff(),
        *_assessor("/eldercare/assess"),
        *_carer(),
        *_manager(),
        *_referrer(),
    ],
    nav=[
        NavEntry("/eldercare", "nav-eldercare", "care", "bottom"),
        NavEntry("/eldercare/alerts", "nav-alerts", "bell", "me"),
        NavEntry("/eldercare/visits", "nav-visits", "calendar", "me"),
        NavEntry(orders.HERE, "nav-orders", "receipt", "me"),
        NavEntry("/eldercare/file", "nav-file", "document", "me"),
        NavEntry(assessments.OWN, "nav-assessments", "chart", "me"),
        NavEntry("/eldercare/assess", "nav-assess", "document", "main", (assess.ASSESSOR,)),
        NavEntry(whereabouts.HERE, "nav-whereabouts", "pin", "me"),
        NavEntry("/eldercare/organisations", "nav-organisations", "home", "me"),
        NavEntry(referrals.OWN, "nav-referrals", "right", "me"),
        NavEntry(referrals.SENT, "sent-referrals", "right", "main", (file.MANAGER,)),
        NavEntry("/eldercare/route", "nav-route", "pin", "main", (route.ROLE,)),
        NavEntry(
            "/eldercare/organisations",
            "nav-statement",
            "chart",
            "main",
            (day_orders.CIVIL_AFFAIRS,),
        ),
        NavEntry("/eldercare/board", "nav-board", "warn", "main", board.ROLES),
        NavEntry("/eldercare/elders", "nav-elders", "people", "main", elders.ROLES),
        NavEntry("/eldercare/searches", "nav-searches", "pin", "main", whereabouts.RESPONDERS),
    ],
    tile=tile,
)
