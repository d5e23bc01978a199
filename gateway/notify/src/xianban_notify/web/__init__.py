"""The message centre's pages, its live badge and its live notice of new messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xianban.notify.v1 import messages_pb2 as pb
from xianban.notify.v1.messages_pb2_grpc import MessageServiceStub
from xianban_sdk.web import (
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

notify = api(MessageServiceStub)
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


async def read(request: Request) -> Response:
    """Marks as read, and goes where the message leads when it was opened."""
    form = await read_form(request)
    name = f"{subject(request)}/messages/{request.path_params['message']}"
    asked = pb.ReadMessageRequest(name=name, request_id=form.request_id)
    found = await call(request, notify.ReadMessage, asked)
    opened = form.flag("open") and found.link
    return see_other(request, local_path(found.link) if opened else "/messages")


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
        Route("/messages/{message}/read", read, methods=["POST"]),
    ],
    nav=[NavEntry("/messages", "nav-messages", "bell", "bottom", badge="/messages/badge")],
)
