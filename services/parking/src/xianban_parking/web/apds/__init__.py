"""The APDS v4 façade at /apds/v4 (Alliance for Parking Data Standards), for programs.

Places, rates, right specifications, observations and quotes are public. Assigned rights and
sessions take `Authorization: Bearer` with an access token of audience parking and are answered for
its person, or for `?resident=` where that person lets them act. Cookies count for nothing.
Lists page by `offset` and `pageSize` and carry an ETag. The façade only reads; POST /quotes asks.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from xianban_parking.web.apds import observations, places, quotes, rates, rights
from xianban_parking.web.apds.answers import problem

__all__ = ["ROOT", "routes"]

ROOT = "/apds/v4"
_ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def _unknown(request: Request) -> Response:
    if request.method != "GET":
        return problem(405, "READ_ONLY", "this façade only reads")
    return problem(404, "NOT_FOUND", request.url.path)


def routes() -> list[BaseRoute]:
    return [
        Route(f"{ROOT}/places", places.places, methods=["GET"]),
        Route(f"{ROOT}/places/{{id}}", places.one_place, methods=["GET"]),
        Route(f"{ROOT}/rates", rates.rates, methods=["GET"]),
        Route(f"{ROOT}/rates/{{id}}", rates.one_rate, methods=["GET"]),
        Route(f"{ROOT}/observations", observations.observations, methods=["GET"]),
        Route(f"{ROOT}/observations/{{id}}", observations.one_observation, methods=["GET"]),
        Route(f"{ROOT}/quotes", quotes.quote, methods=["POST"]),
        Route(f"{ROOT}/rights/specs", rights.specs, methods=["GET"]),
        Route(f"{ROOT}/rights/specs/{{id}}", rights.one_spec, methods=["GET"]),
        Route(f"{ROOT}/rights/assigned", rights.assigned, methods=["GET"]),
        Route(f"{ROOT}/sessions", rights.sessions, methods=["GET"]),
        Route(f"{ROOT}/sessions/{{id}}", rights.one_session, methods=["GET"]),
        Route(f"{ROOT}/{{rest:path}}", _unknown, methods=_ALL),
    ]
