"""Identity's pages in the portal: who may act for me, what I agreed to, where I am logged in."""

from __future__ import annotations

from starlette.routing import Route
from xianban_sdk.web import NavEntry, Site

from xianban_identity.web import consents, delegations, details, reviews

__all__ = ["site"]

site = Site(
    name="identity",
    package="xianban_identity.web",
    texts="xianban_identity",
    title="site-title",
    summary="site-summary",
    icon="people",
    home="/me/delegations",
    service="identity",
    order=20,
    routes=[
        Route("/me/delegations", delegations.listed),
        Route("/me/delegations/new", delegations.asked, methods=["GET", "POST"]),
        Route("/me/delegations/{delegation}", delegations.shown),
        Route("/me/delegations/{delegation}/{act}", delegations.answered, methods=["POST"]),
        Route("/me/consents", consents.listed),
        Route("/me/consents/decide", consents.decided, methods=["POST"]),
        Route("/me/consents/{consent}/withdraw", consents.withdrawn, methods=["POST"]),
        Route("/me/consents/{consent}/receipt", consents.receipt),
        Route("/me/sessions", details.sessions),
        Route("/me/sessions/{session}/end", details.ended, methods=["POST"]),
        Route("/me/sign-in-methods", details.methods),
        Route("/me/details", details.details, methods=["GET", "POST"]),
        Route("/me/reviews", reviews.listed),
        Route("/me/reviews/decide", reviews.decided, methods=["POST"]),
    ],
    nav=[
        NavEntry("/me/delegations", "nav-delegations", "people", "me"),
        NavEntry("/me/consents", "nav-consents", "shield", "me"),
        NavEntry("/me/sessions", "nav-sessions", "key", "me"),
        NavEntry("/me/sign-in-methods", "nav-methods", "key", "me"),
        NavEntry("/me/details", "nav-details", "person", "me"),
        NavEntry("/me/reviews", "nav-reviews", "document", "me", roles=("identity-clerk",)),
    ],
)
