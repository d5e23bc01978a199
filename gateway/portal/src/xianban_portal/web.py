"""The portal's own pages, as a site like any other."""

from starlette.routing import Route
from xianban_sdk.web import NavEntry, Site

from xianban_portal import accesses, doors, health, home, plugins, status

site = Site(
    name="portal",
    package="xianban_portal",
    texts="xianban_portal",
    title="app-name",
    order=0,
    routes=[
        Route("/", home.home),
        Route("/me", home.me),
        Route("/me/accesses", accesses.accesses),
        Route("/about", home.about),
        Route("/status", status.status),
        Route(plugins.HOME, plugins.plugins),
        Route(f"{plugins.HOME}/{{service}}/{{plugin}}", plugins.plugin, methods=["GET"]),
        Route(f"{plugins.HOME}/{{service}}/{{plugin}}/disable", plugins.disable, methods=["POST"]),
        Route(f"{plugins.HOME}/{{service}}/{{plugin}}/enable", plugins.enable, methods=["POST"]),
        Route("/preferences", doors.prefer),
        Route("/login", doors.log_in),
        Route("/callback", doors.callback),
        Route("/logout", doors.log_out, methods=["POST"]),
        Route("/acting-for", doors.acting_for, methods=["GET"]),
        Route("/acting-for", doors.act_for, methods=["POST"]),
        Route("/acting-for/end", doors.act_for_oneself, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/livez", health.alive),
    ],
    nav=[
        NavEntry("/me/accesses", "nav-accesses", "eye", "me"),
        NavEntry("/acting-for", "nav-acting-for", "people", "me"),
        NavEntry(plugins.HOME, "nav-plugins", "chart", "me", roles=(plugins.ROLE,)),
    ],
)
