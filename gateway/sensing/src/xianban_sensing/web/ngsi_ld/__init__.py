"""The NGSI-LD façade at /ngsi-ld/v1 (ETSI GS CIM 009), for programs; docs/ngsi-ld.md says which
part of the standard it is.

What is known of things is public. Writing and subscriptions take `Authorization: Bearer` with an
access token of audience ngsi-ld, which is exchanged for one of sensing. Cookies count for nothing.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from xianban_sensing.web.ngsi_ld import entities, reading, subscriptions
from xianban_sensing.web.ngsi_ld.problems import plain, problem

__all__ = ["ROOT", "routes"]

ROOT = "/ngsi-ld/v1"
_ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Of the standard, but not here.
_ABSENT = ("csourceRegistrations", "csourceSubscriptions", "entityOperations", "jsonldContexts")


async def _unknown(request: Request) -> Response:
    rest: str = request.path_params["rest"]
    if rest.startswith(_ABSENT):
        return problem("OperationNotSupported", request.url.path)
    return plain(404, "Not Found", request.url.path)


async def _other_method(request: Request) -> Response:
    return plain(405, "Method Not Allowed", request.method)


def _lists() -> list[Route]:
    """Clients write these with or without a slash at the end."""
    found = [
        ("entities", "GET", reading.entities),
        ("entities", "POST", entities.create),
        ("entities/{id:path}/attrs", "POST", entities.append),
        ("entities/{id:path}/attrs", "PATCH", entities.update),
        ("entityOperations/upsert", "POST", entities.upsert),
        ("types", "GET", reading.types),
        ("temporal/entities", "GET", reading.pasts),
        ("subscriptions", "GET", subscriptions.listed),
        ("subscriptions", "POST", subscriptions.create),
    ]
    return [
        Route(f"{ROOT}/{path}{end}", view, methods=[method])
        for path, method, view in found
        for end in ("", "/")
    ]


def _single() -> list[Route]:
    entity, subscription = f"{ROOT}/entities/{{id:path}}", f"{ROOT}/subscriptions/{{id:path}}"
    attribute = f"{entity}/attrs/{{attribute:path}}"
    return [
        Route(attribute, entities.change_attribute, methods=["PATCH"]),
        Route(attribute, entities.delete_attribute, methods=["DELETE"]),
        Route(entity, reading.entity, methods=["GET"]),
        Route(entity, entities.delete, methods=["DELETE"]),
        Route(f"{ROOT}/temporal/entities/{{id:path}}", reading.past, methods=["GET"]),
        Route(f"{ROOT}/jsonldContexts/district", reading.district_context, methods=["GET"]),
        Route(subscription, subscriptions.one, methods=["GET"]),
        Route(subscription, subscriptions.change, methods=["PATCH"]),
        Route(subscription, subscriptions.delete, methods=["DELETE"]),
    ]


def routes() -> list[BaseRoute]:
    """What is there, then what is there for other methods, then everything else."""
    known = [*_lists(), *_single()]
    paths = dict.fromkeys(route.path for route in known)
    others = [Route(path, _other_method, methods=_ALL) for path in paths]
    return [*known, *others, Route(f"{ROOT}/{{rest:path}}", _unknown, methods=_ALL)]
