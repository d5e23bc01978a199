"""RPCs of machines: pushed feeds, gates, payment providers. Their plugins check who they are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from xianban.parking.v1 import operator_pb2 as op
from xianban_sdk.app import Resources
from xianban_sdk.errors import InvalidArgument, NotFound
from xianban_sdk.plugins import STRANGER, Hooks
from xianban_sdk.rpc import Call

from xianban_parking.convert.lots import item_results
from xianban_parking.convert.people import tail
from xianban_parking.handlers.callbacks import read_callback, take_callback
from xianban_parking.handlers.counts import take_in
from xianban_parking.handlers.feeds import checked, facts_of, feed_named, parse_push
from xianban_parking.handlers.gate_tokens import public_keys
from xianban_parking.handlers.gates import prepare, take_passage
from xianban_parking.handlers.payments import provider_of
from xianban_parking.hookspecs import Gate, GateEvent, Rejected
from xianban_parking.repository.keys import GateKeys

__all__ = ["IngestServicer", "bounded", "text_headers"]

MAX_BODY = 2 * 1024 * 1024
MOST_EVENTS = 500
PARSE_SECONDS = 2.0


class IngestServicer:
    """xianban.parking.v1.IngestService."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def ReceiveFeed(self, request: op.ReceiveFeedRequest, call: Call) -> op.ReceiveFeedResponse:
        found = feed_named(call.hooks, tail(request.feed))
        body = bounded(request.body.data)
        headers, now = text_headers(call), call.clock.now()
        items = parse_push(found, body, request.body.content_type, headers, now, call.hooks)
        outcomes = take_in(call.uow, facts_of(found.feed), items)
        return op.ReceiveFeedResponse(results=item_results(outcomes))

    def ReceiveGateMessage(
        self, request: op.ReceiveGateMessageRequest, call: Call
    ) -> op.ReceiveGateMessageResponse:
        gate_id = tail(request.gate)
        events = _gate_events(gate_id, request, call)
        with call.reading() as read:
            prepared = prepare(events, read.conn, call.hooks)
        outcomes = [take_passage(gate_id, one, uow=call.uow) for one in prepared]
        answer = op.ReceiveGateMessageResponse(results=item_results(one for one, _ in outcomes))
        decision = outcomes[-1][1] if outcomes else None
        if decision is not None:
            answer.command = decision.command
            answer.display = decision.display.get(call.locale, "")
        return answer

    def ReceivePaymentCallback(
        self, request: op.ReceivePaymentCallbackRequest, call: Call
    ) -> op.ReceivePaymentCallbackResponse:
        provider = provider_of(call.hooks, request.provider)
        told = read_callback(provider, bounded(request.body.data), text_headers(call), call.hooks)
        take_callback(provider.provider.id, told, uow=call.uow)
        return op.ReceivePaymentCallbackResponse(accepted=True)

    def ListGateKeys(self, request: op.ListGateKeysRequest, call: Call) -> op.ListGateKeysResponse:
        keys = public_keys(GateKeys(call.uow.conn, call.scope))
        return op.ListGateKeysResponse(keys=[op.GateKey(**key) for key in keys])


def _gate_events(
    gate_id: str, request: op.ReceiveGateMessageRequest, call: Call
) -> list[GateEvent | Rejected]:
    """The message, read by the gate's plugin outside of any transaction."""
    plugin, gate = _gate(call.hooks, gate_id)
    body, headers = bounded(request.body.data), text_headers(call)
    content_type, now = request.body.content_type, call.clock.now()
    result = call.hooks.run(
        plugin,
        "gate.parse",
        lambda: list(islice(gate.parse(body, content_type, headers, now), MOST_EVENTS + 1)),
        PARSE_SECONDS,
        about=STRANGER,
    )
    checked(result.error, plugin)
    if len(result.value) > MOST_EVENTS:
        raise InvalidArgument("TOO_MANY_EVENTS", field="body", max=MOST_EVENTS)
    return result.value


def _gate(hooks: Hooks, gate_id: str) -> tuple[str, Gate]:
    for result in hooks.registered("register_gate"):
        for gate in result.value or ():
            if gate.id == gate_id:
                return result.plugin, gate
    raise NotFound("GATE_NOT_FOUND", field="gate", gate=gate_id)


def bounded(data: bytes) -> bytes:
    """A pushed body, unless it is too large."""
    if len(data) > MAX_BODY:
        raise InvalidArgument("BODY_TOO_LARGE", field="body", max=MAX_BODY)
    return data


def text_headers(call: Call) -> Mapping[str, str]:
    """Text headers, lower case, as the sender gave them."""
    return {name.lower(): value for name, value in call.headers.items() if isinstance(value, str)}
