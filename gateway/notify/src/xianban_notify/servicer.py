"""The message centre's wire side."""

from __future__ import annotations

from collections.abc import Iterator

from google.api import httpbody_pb2
from xianban.common.v1 import audit_pb2
from xianban.notify.v1 import answers_pb2, deliveries_pb2, preferences_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.plugins import STRANGER
from xianban_sdk.rpc import Call
from xianban_sdk.signatures import installed_secret
from xianban_sdk.who_looked import who_looked

from xianban_notify import errors
from xianban_notify.convert import messages as convert
from xianban_notify.convert import preferences as shown
from xianban_notify.domain import Verdict
from xianban_notify.handlers import addressing, answers, sending
from xianban_notify.handlers import messages as handlers
from xianban_notify.handlers.delivering import channels_of
from xianban_notify.handlers.receipts import delivery_of
from xianban_notify.hookspecs import Answered
from xianban_notify.repository import Messages
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.preferences import (
    Addresses,
    addresses_by_id,
    preferences_of,
    save_preferences,
)

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 2.0
ANSWER_QUERY = ("msg_signature", "timestamp", "nonce", "echostr")


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

    def GetMessage(self, request: pb.GetMessageRequest, call: Call) -> pb.Message:
        found = Messages(call.uow.conn, call.scope).get(request.name.rpartition("/")[2])
        if found is None:
            raise errors.message_not_found()
        return convert.message(found)

    def ReadMessage(self, request: pb.ReadMessageRequest, call: Call) -> pb.Message:
        messages = Messages(call.uow.conn, call.scope)
        message_id = request.name.rpartition("/")[2]
        read = handlers.read_message(message_id, messages=messages, uow=call.uow, actor=call.actor)
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
        return who_looked(request, call)


class DeliveryServicer:
    """xianban.notify.v1.DeliveryService"""

    def __init__(self, resources: Resources) -> None:
        self._channels = channels_of(resources.hooks)
        self._secret = installed_secret("notify-receipts", resources.settings)

    def ListDeliveries(
        self, request: deliveries_pb2.ListDeliveriesRequest, call: Call
    ) -> deliveries_pb2.ListDeliveriesResponse:
        conn, message_id = call.uow.conn, request.parent.rpartition("/")[2]
        message = Messages(conn, call.scope).get(message_id)
        if message is None:
            raise errors.message_not_found("parent")
        found = Deliveries(conn, call.scope).of_message(message_id)
        addresses = addresses_by_id(conn, {one.address for one in found})
        rows = [
            shown.delivery(one, addresses.get(one.address), self._channels, call.locale)
            for one in found
        ]
        first = shown.in_app(message, call.locale)
        return deliveries_pb2.ListDeliveriesResponse(deliveries=[first, *rows])

    def ReportReceipt(
        self, request: deliveries_pb2.ReportReceiptRequest, call: Call
    ) -> deliveries_pb2.ReportReceiptResponse:
        delivery = delivery_of(request.receipt.removeprefix("receipts/"), self._secret)
        sending.receipt(call.uow, delivery, Verdict(request.state), request.reason)
        return deliveries_pb2.ReportReceiptResponse()


class AnswerServicer:
    """xianban.notify.v1.AnswerService"""

    def __init__(self, resources: Resources) -> None:
        self._channels = channels_of(resources.hooks)
        self._secret = installed_secret("notify-receipts", resources.settings)

    def ReceiveAnswer(
        self, request: answers_pb2.ReceiveAnswerRequest, call: Call
    ) -> httpbody_pb2.HttpBody:
        plugin, channel = answers.answering(self._channels, request.channel)
        query = {name: getattr(request, name) for name in ANSWER_QUERY}
        now = call.clock.now()
        result = call.hooks.run(
            plugin,
            "channel.answer",
            lambda: channel.answer(query, request.body.data, now),
            ANSWER_SECONDS,
            about=STRANGER,
        )
        answers.checked(result.error)
        if isinstance(result.value, Answered):
            answers.take_answer(request.channel, result.value, self._secret, uow=call.uow)
            return httpbody_pb2.HttpBody(content_type="text/plain")
        return httpbody_pb2.HttpBody(content_type="text/plain", data=result.value.text.encode())


class PreferenceServicer:
    """xianban.notify.v1.PreferenceService"""

    def __init__(self, resources: Resources) -> None:
        self._channels = channels_of(resources.hooks)
        self._demo = resources.settings.demo

    def GetPreferences(
        self, request: preferences_pb2.GetPreferencesRequest, call: Call
    ) -> preferences_pb2.Preferences:
        return self._shown(call)

    def UpdatePreferences(
        self, request: preferences_pb2.UpdatePreferencesRequest, call: Call
    ) -> preferences_pb2.Preferences:
        wishes = shown.wishes(call.subject or "", request.preferences)
        for _, channel in wishes.choices:
            if channel not in self._channels:
                raise errors.channel_unknown(channel)
        save_preferences(call.uow.conn, wishes)
        return self._shown(call)

    def AddAddress(
        self, request: preferences_pb2.AddAddressRequest, call: Call
    ) -> preferences_pb2.Address:
        kind = shown.kind_of(request.kind)
        made = addressing.add_address(
            kind, request.value, uow=call.uow, scope=call.scope, channels=self._channels
        )
        return shown.address(made)

    def VerifyAddress(
        self, request: preferences_pb2.VerifyAddressRequest, call: Call
    ) -> preferences_pb2.VerifyAddressResponse:
        address_id = request.name.rpartition("/")[2]
        found = addressing.verify_address(address_id, request.code, uow=call.uow, scope=call.scope)
        # A refusal would roll back the count of tries: a wrong code is an answer.
        answer = preferences_pb2.VerifyAddressResponse(verified=found is not None)
        if found is not None:
            answer.address.CopyFrom(shown.address(found))
        return answer

    def DeleteAddress(
        self, request: preferences_pb2.DeleteAddressRequest, call: Call
    ) -> preferences_pb2.DeleteAddressResponse:
        address_id = request.name.rpartition("/")[2]
        addressing.delete_address(address_id, uow=call.uow, scope=call.scope)
        return preferences_pb2.DeleteAddressResponse()

    def RegisterPushSubscription(
        self, request: preferences_pb2.RegisterPushSubscriptionRequest, call: Call
    ) -> preferences_pb2.Address:
        made = addressing.register_push(
            request.endpoint,
            request.p256dh,
            request.auth,
            uow=call.uow,
            scope=call.scope,
            demo=self._demo,
        )
        return shown.address(made)

    def _shown(self, call: Call) -> preferences_pb2.Preferences:
        person, conn = call.subject or "", call.uow.conn
        found = preferences_of(conn, [person])[person]
        addresses = Addresses(conn, call.scope).listed()
        return shown.preferences(found, addresses, self._channels, call.locale)
