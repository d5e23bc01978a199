"""Who looked at my data: every service is asked; one that is away is named, not left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any, cast

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import audit_pb2
from xianban_sdk.telemetry import log
from xianban_sdk.web import (
    CallError,
    Method,
    Pages,
    call,
    person,
    render,
    subject,
    text,
    viewer_of,
)
from xianban_sdk.web.formats import moment

from xianban_portal.problems import service_name

__all__ = ["access_methods", "access_words", "accesses"]

PAGE = 50
PATIENCE = 3.0
_RPC = "ListAccesses"
_PLUGIN = "plugin:"


@dataclass(frozen=True)
class Look:
    """One line of the page, in the viewer's language."""

    at: Any
    service: str
    who: str
    what: str
    why: str
    refused: bool


@dataclass(frozen=True)
class Told:
    """What a vendor's program was told, in the viewer's language."""

    plugin: str
    vendor: str
    service: str
    purpose: str
    why: str
    calls: int
    last: Any


@dataclass(frozen=True)
class Answer:
    """What one service said."""

    service: str
    records: list[audit_pb2.AccessRecord]
    next_token: str = ""
    told: Sequence[audit_pb2.DisclosureRecord] = ()
    missing: str = ""
    refused: CallError | None = None


@cache
def access_methods() -> dict[str, Method]:
    """`ListAccesses` of every installed service that has one."""
    installed = {point.name for point in entry_points(group="xianban.services")}
    raw = files("xianban").joinpath("descriptors.binpb").read_bytes()
    paths = [path for file in FileDescriptorSet.FromString(raw).file for path in _paths(file)]
    methods = [_method(path) for path in sorted(paths)]
    return {method.domain: method for method in methods if method.domain in installed}


def _paths(file: FileDescriptorProto) -> list[str]:
    return [
        f"/{file.package}.{service.name}/{_RPC}"
        for service in file.service
        for method in service.method
        if method.name == _RPC and file.package.startswith("xianban.")
    ]


def _method(path: str) -> Method:
    encode = audit_pb2.ListAccessesRequest.SerializeToString
    return Method(path, encode, audit_pb2.ListAccessesResponse.FromString)


async def accesses(request: Request) -> Response:
    """All services' newest records together, or one service's pages."""
    person(request)
    methods = access_methods()
    chosen = request.query_params.get("service", "")
    asked = {chosen: methods[chosen]} if chosen in methods else methods
    token = request.query_params.get("page_token", "") if chosen in methods else ""
    answers = await asyncio.gather(*(_ask(request, asked[name], token) for name in asked))
    refused = [answer for answer in answers if answer.refused is not None]
    # Whoever acts for another may be let in by one service and not by the next.
    if answers and len(refused) == len(answers) and refused[0].refused is not None:
        raise refused[0].refused
    looks = [_look(request, record) for answer in answers for record in answer.records]
    looks.sort(key=lambda look: look.at, reverse=True)
    told = [_told(request, record) for answer in answers for record in answer.told]
    told.sort(key=lambda one: one.last, reverse=True)
    return render(
        request,
        "portal/accesses.html",
        looks=looks[:PAGE],
        told=told,
        first=not token,
        missing=[answer.missing for answer in answers if answer.missing],
        hidden=[service_name(request, answer.service) for answer in refused],
        services=[(name, service_name(request, name)) for name in methods],
        chosen=chosen if chosen in methods else "",
        next_token=answers[0].next_token if chosen in methods else "",
    )


async def _ask(request: Request, method: Method, token: str) -> Answer:
    question = audit_pb2.ListAccessesRequest(
        parent=subject(request), page_size=PAGE, page_token=token
    )
    rpc = cast("grpc.UnaryUnaryMultiCallable[Any, audit_pb2.ListAccessesResponse]", method)
    try:
        found = await call(request, rpc, question, timeout=PATIENCE)
    except CallError as error:
        if error.code is grpc.StatusCode.UNAUTHENTICATED:
            raise
        if error.reason == "RESIDENT_NOT_FOUND":
            return Answer(method.domain, [], refused=error)
        log.warning("accesses_missing", service=method.domain, error=str(error))
        return Answer(method.domain, [], missing=service_name(request, method.domain))
    told = list(found.disclosures)
    return Answer(method.domain, list(found.accesses), found.next_page_token, told)


def _look(request: Request, record: audit_pb2.AccessRecord) -> Look:
    return Look(
        at=moment(record.occur_time),
        service=service_name(request, record.service),
        who=_who(request, record),
        what=_what(request, record),
        why="" if _is_plugin(record) else _basis(request, record.basis),
        refused=record.outcome not in ("", "allowed"),
    )


def _who(request: Request, record: audit_pb2.AccessRecord) -> str:
    me = viewer_of(request).person
    if me is not None and record.actor == me.id:
        return text(request, "portal", "access-who-you")
    if _is_plugin(record):
        plugin = record.actor.removeprefix(_PLUGIN)
        return text(request, "portal", "access-who-plugin", plugin=plugin)
    if record.actor_display:
        return record.actor_display
    staff = record.basis.startswith("role:")
    return text(request, "portal", "access-who-staff" if staff else "access-who-other")


def _is_plugin(record: audit_pb2.AccessRecord) -> bool:
    return record.actor.startswith(_PLUGIN)


def _what(request: Request, record: audit_pb2.AccessRecord) -> str:
    if _is_plugin(record):
        return text(request, "portal", "access-told", purpose=record.basis)
    return _words(request, record.service, access_words(record.action), record.action)


def _told(request: Request, record: audit_pb2.DisclosureRecord) -> Told:
    return Told(
        plugin=record.plugin,
        vendor=record.vendor,
        service=service_name(request, record.service),
        purpose=record.purpose_display or record.purpose,
        why=_basis(request, record.basis),
        calls=record.calls,
        last=moment(record.last_time),
    )


def _basis(request: Request, basis: str) -> str:
    kind, _, detail = basis.partition(":")
    words = _words(request, "portal", f"basis-{kind}", basis)
    if kind == "role":
        detail = _words(request, "identity", f"role-{detail}", detail)
    return f"{words} ({detail})" if detail else words


def _words(request: Request, site: str, key: str, otherwise: str) -> str:
    """The site's own words where it has some; a new service's RPC names itself."""
    pages: Pages = request.app.state.pages
    known = pages.has_text(site, viewer_of(request).locale, key)
    return text(request, site, key) if known else otherwise


def access_words(action: str) -> str:
    """The key of what a service, or the kit, says of an RPC."""
    return "access" + "".join(f"-{one.lower()}" if one.isupper() else one for one in action)
