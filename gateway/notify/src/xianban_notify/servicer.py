"""The message centre's wire side."""

from __future__ import annotations

from collections.abc import Iterator

from xianban.common.v1 import audit_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.audit import list_accesses
from xianban_sdk.rpc import Call

from xianban_notify import convert, handlers
from xianban_notify.repository import Messages

LOOK_SECONDS = 1.0


class MessageServicer:
    """xianban.notify.v1.MessageService"""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListMessages(self, request: pb.ListMessagesRequest, call: Call) -> pb.ListMessagesResponse:
        messages = Messages(call.uow.conn, call.scope)
        found, token = messages.listed(request.page_size, request.page_token, unread=request.unread)
        return pb.ListMessagesResponse(
            messages=[convert.message(one) for one in found],
            next_page_token=token,
            unread_count=messages.unread(),
        )

    def ReadMessage(self, request: pb.ReadMessageRequest, call: Call) -> pb.Message:
        messages = Messages(call.uow.conn, call.scope)
        message_id = request.name.rpartition("/")[2]
        read = handlers.read_message(message_id, messages=messages, clock=call.clock)
        return convert.message(read)

    def WatchMessages(self, request: pb.WatchMessagesRequest, call: Call) -> Iterator[pb.Message]:
        arrivals = handlers.Arrivals(call.clock.now())
        while True:
            call.alive()
            with call.reading() as unit:
                fresh = arrivals.new(Messages(unit.conn, call.scope), call.clock.now())
            yield from (convert.message(one) for one in fresh)
            call.wait(LOOK_SECONDS)

    def ListAccesses(
        self, request: audit_pb2.ListAccessesRequest, call: Call
    ) -> audit_pb2.ListAccessesResponse:
        found, token = list_accesses(
            call.uow.conn,
            call.subject or "",
            page_size=request.page_size or 50,
            page_token=request.page_token,
        )
        records = [convert.access(one) for one in found]
        return audit_pb2.ListAccessesResponse(accesses=records, next_page_token=token)
