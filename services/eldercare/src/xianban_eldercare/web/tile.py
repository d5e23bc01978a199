"""The line on the home page: how the elder is, or how much is open for staff."""

from __future__ import annotations

from starlette.requests import Request
from xianban.common.v1 import alerts_pb2
from xianban.eldercare.v1 import monitoring_pb2
from xianban_sdk.web import TileLine, call, person, subject, text
from xianban_sdk.web.site import Tone

from xianban_eldercare.web.board import ROLES
from xianban_eldercare.web.clients import alerting, monitoring
from xianban_eldercare.web.shown import is_open, is_untaken, measure

_MOST = 200


async def tile(request: Request) -> TileLine:
    if not person(request).roles.isdisjoint(ROLES):
        return await _for_staff(request)
    asked = monitoring_pb2.GetCareStateRequest(name=f"{subject(request)}/careState")
    state = await call(request, monitoring.GetCareState, asked)
    return TileLine(state.sentence, _tone(state))


def _tone(state: monitoring_pb2.CareState) -> Tone:
    if any(is_open(one) for one in state.alerts):
        return "danger"
    return "ok" if any(measure(one).number for one in state.vitals) else "warn"


async def _for_staff(request: Request) -> TileLine:
    asked = alerts_pb2.ListAlertsRequest(open=True, page_size=_MOST)
    found = await call(request, alerting.ListAlerts, asked)
    standing = [one for one in found.alerts if is_open(one)]
    if not standing:
        return TileLine(text(request, "eldercare", "tile-none-open"), "ok")
    untaken = sum(1 for one in standing if is_untaken(one))
    more = "+" if found.next_page_token else ""
    words = {"count": f"{len(standing)}{more}", "untaken": untaken}
    line = text(request, "eldercare", "tile-open", **words)
    return TileLine(line, "danger" if untaken else "warn")
