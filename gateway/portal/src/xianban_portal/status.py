"""What of the district works just now: every part, and what it lacks, in words for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from xianban_sdk.web import render, text, viewer_of

from xianban_portal.health import Condition, Monitor, status_of
from xianban_portal.problems import service_name


@dataclass(frozen=True)
class Part:
    """One line of the page."""

    title: str
    status: str
    since: datetime
    lacks: list[str]


async def status(request: Request) -> Response:
    monitor: Monitor = request.app.state.monitor
    parts = [_part(request, name, one) for name, one in sorted(monitor.conditions.items())]
    return render(request, "portal/status.html", parts=parts)


def _part(request: Request, name: str, one: Condition) -> Part:
    locale = viewer_of(request).locale
    lacks = [each.text.get(locale, each.hook) for each in one.missing]
    return Part(_title(request, name), status_of(one), one.since, lacks)


def _title(request: Request, name: str) -> str:
    if name == "log-in":
        return text(request, "portal", "status-log-in")
    service, worker = name.removeprefix("worker-"), name.startswith("worker-")
    title = service_name(request, service)
    return text(request, "portal", "status-worker", service=title) if worker else title
