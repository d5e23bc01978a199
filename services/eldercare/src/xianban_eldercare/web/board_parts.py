"""The parts of an alert's page on the duty desk that are asked for again and again."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import alerts_pb2
from xianban_sdk.web import call, render

from xianban_eldercare.web import playbooks as plays
from xianban_eldercare.web import responders as near
from xianban_eldercare.web.board import staff_only
from xianban_eldercare.web.clients import alerting
from xianban_eldercare.web.shown import is_open

# htmx asks no more.
_ENOUGH = 286


class _Shown(Protocol):
    def __call__(
        self, request: Request, name: str, *, goes_on: bool
    ) -> Awaitable[dict[str, Any] | None]: ...


@staff_only
async def playbooks(request: Request) -> Response:
    return await _part(request, plays.shown, "eldercare/board_playbooks.html", "plays")


@staff_only
async def responders(request: Request) -> Response:
    return await _part(request, near.shown, "eldercare/board_responders.html", "near")


async def _part(request: Request, shown: _Shown, template: str, called: str) -> Response:
    alert = request.query_params.get("alert", "")
    if not alert:
        return Response(status_code=204)
    name = f"alerts/{alert}"
    found = await call(request, alerting.GetAlert, alerts_pb2.GetAlertRequest(name=name))
    here = await shown(request, name, goes_on=is_open(found))
    if here is None:
        return Response(status_code=_ENOUGH)
    if request.query_params.get("seen") == here["seen"]:
        return Response(status_code=204)  # A screen reader must not read it again.
    return render(request, template, 200, **{called: here})
