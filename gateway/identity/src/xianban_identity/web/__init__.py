"""Identity's pages in the portal: who may act for me, what I agreed to, where I am logged in."""

from __future__ import annotations

from xianban_sdk.web import Site

__all__ = ["site"]

site = Site(
    name="identity",
    package="xianban_identity.web",
    texts="xianban_identity",
    title="site-title",
    summary="site-summary",
    icon="people",
    service="identity",
    order=20,
)
