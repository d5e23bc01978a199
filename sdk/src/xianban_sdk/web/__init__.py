"""The web kit: everything a domain's `web/` package needs to add pages to the portal.

A site in one file:

    from xianban_sdk.web import NavEntry, Site, TileLine, api, call, render, subject

    parking = api(ParkingServiceStub)

    async def lots(request: Request) -> Response:
        found = await call(request, parking.ListLots, ListLotsRequest(page_size=20))
        return render(request, "parking/lots.html", lots=found.lots)

    async def tile(request: Request) -> TileLine | None:
        return TileLine(text(request, site.name, "tile-free", count=12), "ok")

    site = Site(
        name="parking", package=__package__, texts="xianban_parking", title="site-title",
        summary="site-summary", icon="parking", home="/parking", service="parking",
        routes=[Route("/parking", lots)], nav=[NavEntry("/parking", "nav-parking", "parking")],
        tile=tile,
    )

Registered by entry point `xianban.portal` (name → "xianban_parking.web:site").
"""

from xianban_sdk.web.calls import Caller, CallError, Method, api, call, watch
from xianban_sdk.web.forms import Form, local_path, read_form, see_other
from xianban_sdk.web.listing import whole
from xianban_sdk.web.live import Frame, Hub, live
from xianban_sdk.web.pages import Pages, fragment, render, text
from xianban_sdk.web.refusals import attempt, if_there, status
from xianban_sdk.web.roles import must_hold, roles_only
from xianban_sdk.web.site import NavEntry, Site, TileLine, find_sites
from xianban_sdk.web.texts import LOCALES, MissingTextError, Texts
from xianban_sdk.web.viewer import LogInRequiredError, Person, Viewer, person, subject, viewer_of

__all__ = [
    "LOCALES",
    "CallError",
    "Caller",
    "Form",
    "Frame",
    "Hub",
    "LogInRequiredError",
    "Method",
    "MissingTextError",
    "NavEntry",
    "Pages",
    "Person",
    "Site",
    "Texts",
    "TileLine",
    "Viewer",
    "api",
    "attempt",
    "call",
    "find_sites",
    "fragment",
    "if_there",
    "live",
    "local_path",
    "must_hold",
    "person",
    "read_form",
    "render",
    "roles_only",
    "see_other",
    "status",
    "subject",
    "text",
    "viewer_of",
    "watch",
    "whole",
]
