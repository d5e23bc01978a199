"""The edge's pages in the portal: `/openapi.json` and `/docs`, rendered here without scripts."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xianban_sdk.web import Site, render

from xianban_edge.openapi import openapi_document
from xianban_edge.web.reading import read_document


def installed_domains() -> list[str]:
    return sorted(point.name for point in entry_points(group="xianban.services"))


async def openapi(_: Request) -> Response:
    return Response(
        openapi_document(installed_domains()),
        media_type="application/json",
        headers={"cache-control": "public, max-age=60"},
    )


async def docs(request: Request) -> Response:
    context: dict[str, Any] = {"api": read_document(openapi_document(installed_domains()))}
    return render(request, "edge/docs.html", **context)


site = Site(
    name="edge",
    package="xianban_edge.web",
    texts="xianban_edge",
    routes=[Route("/openapi.json", openapi), Route("/docs", docs)],
    order=900,
)
