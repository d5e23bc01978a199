"""Deliveries, preferences and addresses: proto to domain and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from xianban.notify.v1 import deliveries_pb2, preferences_pb2
from xianban_sdk.i18n import text
from xianban_sdk.wire import put

from xianban_notify.domain import Copies, Delivery, Message, Preferences, State
from xianban_notify.domain.address import EMAIL, PHONE, WEBPUSH, WECOM, hint
from xianban_notify.domain.preferences import minutes_of, written
from xianban_notify.handlers.delivering import Plugged
from xianban_notify.handlers.wording import PACKAGE, name_of
from xianban_notify.repository.preferences import Address

IN_APP: Final = "in-app"
KINDS: Final = {
    EMAIL: preferences_pb2.ADDRESS_KIND_EMAIL,
    PHONE: preferences_pb2.ADDRESS_KIND_PHONE,
    WECOM: preferences_pb2.ADDRESS_KIND_WECOM,
    WEBPUSH: preferences_pb2.ADDRESS_KIND_WEBPUSH,
}
_COPIES: Final = {
    Copies.NONE: preferences_pb2.COPIES_NONE,
    Copies.URGENT: preferences_pb2.COPIES_URGENT,
    Copies.ALL: preferences_pb2.COPIES_ALL,
}
_STATES: Final = {
    state: deliveries_pb2.DeliveryState.Value(f"DELIVERY_STATE_{state.name}") for state in State
}


def kind_of(kind: preferences_pb2.AddressKind.ValueType) -> str:
    return next(name for name, value in KINDS.items() if value == kind)


def in_app(message: Message, locale: str) -> deliveries_pb2.Delivery:
    """The message centre itself: there from the first moment, known to have arrived when read."""
    shown = deliveries_pb2.Delivery(
        name=f"residents/{message.recipient}/messages/{message.id}/deliveries/{IN_APP}",
        channel=IN_APP,
        channel_display=text("channel-in-app", locale, PACKAGE),
        state=_STATES[State.DELIVERED if message.read_at else State.SENT],
    )
    shown.create_time.FromDatetime(message.created_at)
    shown.send_time.FromDatetime(message.created_at)
    if message.read_at is not None:
        shown.deliver_time.FromDatetime(message.read_at)
    return shown


def delivery(
    found: Delivery, address: Address | None, channels: Mapping[str, Plugged], locale: str
) -> deliveries_pb2.Delivery:
    plugged = channels.get(found.channel)
    shown = deliveries_pb2.Delivery(
        name=f"residents/{found.recipient}/messages/{found.message}/deliveries/{found.id}",
        channel=found.channel,
        channel_display=name_of(plugged.channel.names, locale) if plugged else found.channel,
        address_hint=hint(address.kind, address.value) if address else "",
        state=_STATES[found.state],
        tries=found.tries,
        reason=found.reason,
        maybe_twice=found.maybe_twice,
    )
    shown.create_time.FromDatetime(found.created_at)
    put(shown.next_time, found.next_at)
    put(shown.send_time, found.sent_at)
    put(shown.deliver_time, found.delivered_at)
    return shown


def address(found: Address) -> preferences_pb2.Address:
    shown = preferences_pb2.Address(
        name=f"residents/{found.person}/addresses/{found.id}",
        kind=KINDS[found.kind],
        hint=hint(found.kind, found.value),
    )
    if found.verified_at is not None:
        shown.verify_time.FromDatetime(found.verified_at)
    if found.bounced_at is not None:
        shown.bounce_time.FromDatetime(found.bounced_at)
    return shown


def preferences(
    found: Preferences,
    addresses: Iterable[Address],
    channels: Mapping[str, Plugged],
    locale: str,
) -> preferences_pb2.Preferences:
    return preferences_pb2.Preferences(
        name=f"residents/{found.person}/preferences",
        locale=found.locale,
        quiet=found.quiet,
        quiet_start=written(found.quiet_from),
        quiet_end=written(found.quiet_until),
        copies=_COPIES[found.copies],
        choices=[
            preferences_pb2.Choice(category=category, channel=channel, wanted=wanted)
            for (category, channel), wanted in sorted(found.choices.items())
        ],
        addresses=[address(one) for one in addresses],
        channels=[_channel(name, plugged, locale) for name, plugged in sorted(channels.items())],
    )


def wishes(person: str, asked: preferences_pb2.Preferences) -> Preferences:
    """What was left empty is the default again."""
    default = Preferences(person=person)
    copies = {value: name for name, value in _COPIES.items()}
    return Preferences(
        person=person,
        locale=asked.locale or default.locale,
        quiet=asked.quiet,
        quiet_from=minutes_of(asked.quiet_start) if asked.quiet_start else default.quiet_from,
        quiet_until=minutes_of(asked.quiet_end) if asked.quiet_end else default.quiet_until,
        copies=copies.get(asked.copies, default.copies),
        choices={(one.category, one.channel): one.wanted for one in asked.choices},
    )


def _channel(name: str, plugged: Plugged, locale: str) -> preferences_pb2.Channel:
    channel = plugged.channel
    return preferences_pb2.Channel(
        id=name,
        display_name=name_of(channel.names, locale),
        needs=KINDS.get(channel.needs, preferences_pb2.ADDRESS_KIND_UNSPECIFIED),
        urgent_only=channel.urgent_only,
        browser_key=channel.browser_key,
    )
