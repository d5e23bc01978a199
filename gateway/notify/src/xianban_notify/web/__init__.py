"""The message centre's pages, its live badge and its live notice of new messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xianban.identity.v1 import identity_pb2 as identity
from xianban.identity.v1.identity_pb2_grpc import IdentityServiceStub
from xianban.notify.v1 import deliveries_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban.notify.v1.deliveries_pb2_grpc import DeliveryServiceStub
from xianban.notify.v1.messages_pb2_grpc import MessageServiceStub
from xianban_sdk.web import (
    CallError,
    Frame,
    NavEntry,
    Pages,
    Site,
    api,
    call,
    fragment,
    live,
    local_path,
    person,
    read_form,
    render,
    see_other,
    subject,
    text,
    viewer_of,
    watch,
)

from xianban_notify.web import settings

notify = api(MessageServiceStub)
ways = api(DeliveryServiceStub)
people = api(IdentityServiceStub)
PAGE = 20


@dataclass(frozen=True)
class Shown:
    """A message in the viewer's language."""

    id: str
    title: str
    body: str
    message: pb.Message


async def messages(request: Request) -> Response:
    unread = request.query_params.get("unread") == "1"
    question = pb.ListMessagesRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
        unread=unread,
    )
    found = await call(request, notify.ListMessages, question)
    shown = [_shown(request, one) for one in found.messages]
    # What is urgent and unread stands first; all else as it came.
    shown.sort(key=lambda one: not one.message.urgent or one.message.HasField("read_time"))
    return render(
        request,
        "notify/messages.html",
        shown=shown,
        count=found.unread_count,
        next_token=found.next_page_token,
        only_unread=unread,
    )


def _shown(request: Request, message: pb.Message) -> Shown:
    """The words of the domain that asked for the message."""
    pages: Pages = request.app.state.pages
    key, locale = f"message-{message.template}", viewer_of(request).locale
    identifier = message.name.rpartition("/")[2]
    if not pages.has_text(message.domain, locale, key):
        title = text(request, "notify", "messages-unknown-title", service=message.domain)
        return Shown(identifier, title, text(request, "notify", "messages-unknown"), message)
    params: dict[str, object] = dict(message.params)
    return Shown(
        identifier,
        pages.text(message.domain, locale, f"{key}-title", **params),
        pages.text(message.domain, locale, key, **params),
        message,
    )


async def message(request: Request) -> Response:
    """One message: what it says, where it was sent, and the way to what it is about."""
    name = _name(request)
    found = await call(request, notify.GetMessage, pb.GetMessageRequest(name=name))
    asked = deliveries_pb2.ListDeliveriesRequest(parent=name)
    sent = (await call(request, ways.ListDeliveries, asked)).deliveries
    return render(
        request,
        "notify/message.html",
        one=_shown(request, found),
        sent=sent,
        states={value: key for key, value in deliveries_pb2.DeliveryState.items()},
        acting=await _account(request, found),
    )


async def _account(request: Request, found: pb.Message) -> identity.ActingFor | None:
    """Whose account the message's page is in, when it is another's and one may act for them."""
    who = person(request).id
    if viewer_of(request).acting_for or found.subject in ("", who):
        return None
    asked = identity.ListActingForRequest(parent=f"residents/{who}")
    try:
        subjects = (await call(request, people.ListActingFor, asked)).subjects
    except CallError:
        return None  # identity is away: the page itself says whether it can be opened
    return next((one for one in subjects if one.subject == found.subject), None)


async def read(request: Request) -> Response:
    """Marks as read, and goes where the message leads when it was opened."""
    form = await read_form(request)
    asked = pb.ReadMessageRequest(name=_name(request), request_id=form.request_id)
    found = await call(request, notify.ReadMessage, asked)
    if not (form.flag("open") and found.link):
        return see_other(request, "/messages")
    if await _account(request, found) is not None:
        # The account is chosen by a form of its own: the message's page offers it.
        return see_other(request, f"/messages/{request.path_params['message']}")
    return see_other(request, local_path(found.link))


def _name(request: Request) -> str:
    return f"{subject(request)}/messages/{request.path_params['message']}"


def arrivals(request: Request) -> Response:
    """Tells the open messages page that there is something new."""
    parent = subject(request)
    asked = pb.WatchMessagesRequest(parent=parent)

    def show(_message: pb.Message) -> Frame:
        return Frame("new-messages", fragment(request, "notify/new.html"))

    key = f"notify-messages:{person(request).id}:{parent}"
    return live(request, key, lambda: watch(request, notify.WatchMessages, asked), show)


def badge(request: Request) -> Response:
    """The number of the person's own unread messages, kept up to date on every page."""

    def show(count: int) -> Frame:
        return Frame("badge", fragment(request, "notify/badge.html", count=count))

    return live(request, f"notify-badge:{person(request).id}", lambda: _counts(request), show)


async def _counts(request: Request) -> AsyncIterator[int]:
    parent = f"residents/{person(request).id}"
    question = pb.ListMessagesRequest(parent=parent, page_size=1, unread=True)
    yield (await call(request, notify.ListMessages, question)).unread_count
    async for _ in watch(request, notify.WatchMessages, pb.WatchMessagesRequest(parent=parent)):
        yield (await call(request, notify.ListMessages, question)).unread_count


site = Site(
    name="notify",
    package="xianban_notify.web",
    texts="xianban_notify",
    title="site-title",
    icon="bell",
    service="notify",
    order=800,
    routes=[
        Route("/messages", messages),
        Route("/messages/live", arrivals),
        Route("/messages/badge", badge),
        *settings.routes,
        Route("/messages/{message}", message),
        Route("/messages/{message}/read", read, methods=["POST"]),
    ],
    nav=[
        NavEntry("/messages", "nav-messages", "bell", "bottom", badge="/messages/badge"),
        NavEntry("/messages/settings", "nav-settings", "settings", "me"),
    ],
)
