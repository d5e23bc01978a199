"""A domain's alerts on staff's pages: those that stand, live, and what may be done about one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from xianban.common.v1 import alerts_pb2 as pb
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub

from xianban_sdk.web.calls import CallError, api, call, watch
from xianban_sdk.web.forms import Form
from xianban_sdk.web.listing import whole
from xianban_sdk.web.refusals import attempt

__all__ = ["AlertDesk", "Standing"]

# On one page of what stands; the others follow, and all are counted.
_MOST: Final = 200


@dataclass
class Standing:
    """The alerts that are not closed, worst first, then oldest first; a page of them from `first`
    on."""

    known: dict[str, pb.Alert] = field(default_factory=dict[str, pb.Alert])
    first: int = 0

    def take(self, alert: pb.Alert) -> bool:
        """True: it changes what is shown."""
        before = self.known.get(alert.name)
        if before is not None and before.version >= alert.version:
            return False
        self.known[alert.name] = alert
        return True

    def copy(self) -> Standing:
        """As it is now: browsers look at it later."""
        return Standing(dict(self.known), self.first)

    def shown(self) -> list[pb.Alert]:
        """A page of the open ones."""
        return self.open()[self.first : self.first + _MOST]

    def after(self) -> int:
        """How many open ones follow."""
        return max(len(self.open()) - self.first - _MOST, 0)

    def open(self) -> list[pb.Alert]:
        """What somebody has to see to."""
        return self._in(pb.ALERT_STATE_RAISED, pb.ALERT_STATE_DISPATCHED)

    def to_close(self) -> list[pb.Alert]:
        """Resolved: the report is still to be finished."""
        return self._in(pb.ALERT_STATE_RESOLVED, pb.ALERT_STATE_RESOLVED)

    def _in(self, first: int, last: int) -> list[pb.Alert]:
        found = [one for one in self.known.values() if first <= one.state <= last]
        return sorted(found, key=_worst_first)


def _worst_first(alert: pb.Alert) -> tuple[int, int, int]:
    return -alert.severity, alert.raise_time.seconds, alert.raise_time.nanos


class AlertDesk:
    """What pages ask of the AlertService that a domain serves."""

    def __init__(self, domain: str) -> None:
        self._alerting = api(AlertServiceStub, served_by=domain)

    async def standing(self, request: Request, first: int = 0) -> Standing:
        """Those that are not closed."""
        asked = pb.ListAlertsRequest(open=True, page_size=_MOST)
        found = await whole(request, self._alerting.ListAlerts, asked)
        return Standing({alert.name: alert for alert in found}, first)

    async def boards(self, request: Request, first: int = 0) -> AsyncIterator[Standing]:
        """All of them at every change: whoever comes later needs no history."""
        standing = await self.standing(request, first)
        yield standing.copy()
        async for alert in watch(request, self._alerting.WatchAlerts, pb.WatchAlertsRequest()):
            if standing.take(alert):
                yield standing.copy()

    async def past(self, request: Request, token: str, size: int) -> pb.ListAlertsResponse:
        """A page of all, closed ones too."""
        asked = pb.ListAlertsRequest(page_size=size, page_token=token)
        return await call(request, self._alerting.ListAlerts, asked)

    async def one(self, request: Request, name: str) -> tuple[pb.Alert, list[pb.AlertStep]]:
        """An alert and what happened to it."""
        found, steps = await asyncio.gather(
            call(request, self._alerting.GetAlert, pb.GetAlertRequest(name=name)),
            call(request, self._alerting.ListAlertSteps, pb.ListAlertStepsRequest(parent=name)),
        )
        return found, list(steps.steps)

    async def act(self, request: Request, deed: str, name: str, form: Form) -> CallError | None:
        """Does "acknowledge", "dispatch", "escalate", "resolve" or "close"; None: it is done."""
        if deed not in _DEEDS:
            raise HTTPException(404)
        _, refused = await attempt(_DEEDS[deed](self._alerting, request, name, form))
        return refused


_Deed = Callable[[Any, Request, str, Form], Awaitable[pb.Alert]]


def _said(name: str, form: Form) -> dict[str, str]:
    return {"name": name, "note": form.text("note"), "request_id": form.request_id}


def _acknowledge(alerting: Any, request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    asked = pb.AcknowledgeAlertRequest(**_said(name, form))
    return call(request, alerting.AcknowledgeAlert, asked)


def _dispatch(alerting: Any, request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    to = form.text("other") or form.text("to")
    return call(
        request, alerting.DispatchAlert, pb.DispatchAlertRequest(to=to, **_said(name, form))
    )


def _escalate(alerting: Any, request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    return call(request, alerting.EscalateAlert, pb.EscalateAlertRequest(**_said(name, form)))


def _resolve(alerting: Any, request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    false_alarm = form.flag("false_alarm")
    asked = pb.ResolveAlertRequest(false_alarm=false_alarm, **_said(name, form))
    return call(request, alerting.ResolveAlert, asked)


def _close(alerting: Any, request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    return call(request, alerting.CloseAlert, pb.CloseAlertRequest(**_said(name, form)))


_DEEDS: Final[Mapping[str, _Deed]] = {
    "acknowledge": _acknowledge,
    "dispatch": _dispatch,
    "escalate": _escalate,
    "resolve": _resolve,
    "close": _close,
}
