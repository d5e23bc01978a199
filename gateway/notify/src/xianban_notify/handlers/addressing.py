"""Use cases of people's addresses: add, confirm by a code, take out."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from xianban_sdk.repository import Scope
from xianban_sdk.storage import UnitOfWork

from xianban_notify import errors
from xianban_notify.domain import Delivery
from xianban_notify.domain.address import WEBPUSH, AddressRefusedError, cleaned, push_subscription
from xianban_notify.domain.preferences import Preferences
from xianban_notify.handlers.delivering import Plugged
from xianban_notify.handlers.sending import MACHINE, begin_or_wait
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.preferences import Address, Addresses

MOST_ADDRESSES: Final = 20
CODE_HOLDS: Final = timedelta(minutes=10)
CODE_AGAIN: Final = timedelta(minutes=1)
MOST_CODE_TRIES: Final = 5


def add_address(
    kind: str, written: str, *, uow: UnitOfWork, scope: Scope, channels: Mapping[str, Plugged]
) -> Address:
    """An address that waits for its code; one that is confirmed stays as it is."""
    channel = next(
        (
            name
            for name, plugged in channels.items()
            if plugged.channel.needs == kind and plugged.channel.carries_codes
        ),
        None,
    )
    if channel is None:
        raise errors.no_channel()
    try:
        value = cleaned(kind, written)
    except AddressRefusedError as error:
        raise errors.address_invalid("value") from error
    address = _known_or_new(kind, value, uow, scope)
    return address if address.usable else _send_code(uow, scope, address, channel)


def register_push(
    endpoint: str, p256dh: str, auth: str, *, uow: UnitOfWork, scope: Scope, demo: bool
) -> Address:
    """A browser proves itself by having the subscription: it needs no code."""
    try:
        value = push_subscription(endpoint, p256dh, auth, allow_local=demo)
    except AddressRefusedError as error:
        raise errors.address_invalid("endpoint") from error
    address = _known_or_new(WEBPUSH, value, uow, scope)
    confirmed = replace(address, verified_at=uow.clock.now(), bounced_at=None)
    Addresses(uow.conn, scope).save(confirmed)
    return confirmed


def verify_address(address_id: str, code: str, *, uow: UnitOfWork, scope: Scope) -> Address | None:
    """The confirmed address; None when the code is not the one (the try is counted)."""
    addresses = Addresses(uow.conn, scope)
    found = addresses.get(address_id)
    if found is None:
        raise errors.address_not_found()
    now = uow.clock.now()
    if found.usable:
        return found
    stale = found.code_until is None or found.code_until < now
    if stale or found.code_tries >= MOST_CODE_TRIES:
        raise errors.code_over()
    if not hmac.compare_digest(found.code, code):
        addresses.save(replace(found, code_tries=found.code_tries + 1))
        return None
    confirmed = replace(found, verified_at=now, bounced_at=None, code="", code_until=None)
    addresses.save(confirmed)
    return confirmed


def delete_address(address_id: str, *, uow: UnitOfWork, scope: Scope) -> None:
    """Deliveries to it that are under way end by themselves."""
    if not Addresses(uow.conn, scope).remove(address_id):
        raise errors.address_not_found()


def _known_or_new(kind: str, value: str, uow: UnitOfWork, scope: Scope) -> Address:
    addresses, person = Addresses(uow.conn, scope), scope.subject or ""
    known = addresses.same(kind, person, value)
    if known is not None:
        return known
    if addresses.count() >= MOST_ADDRESSES:
        raise errors.too_many_addresses(MOST_ADDRESSES)
    now = uow.clock.now()
    made = Address(id=uow.ids.new(), person=person, kind=kind, value=value, created_at=now)
    addresses.add(made)
    return made


def _send_code(uow: UnitOfWork, scope: Scope, address: Address, channel: str) -> Address:
    now = uow.clock.now()
    if address.code_until is not None and now < address.code_until - CODE_HOLDS + CODE_AGAIN:
        raise errors.code_too_soon()
    waiting = replace(
        address,
        verified_at=None,
        code=f"{secrets.randbelow(10**6):06d}",
        code_until=now + CODE_HOLDS,
        code_tries=0,
    )
    Addresses(uow.conn, scope).save(waiting)
    deliveries = Deliveries(uow.conn, MACHINE)
    deliveries.forget(address.id)
    sent = Delivery(
        id=uow.ids.new(),
        message=address.id,
        recipient=address.person,
        channel=channel,
        address=address.id,
        urgent=True,
        created_at=now,
    )
    deliveries.add(sent)
    begin_or_wait(uow, sent, Preferences(person=address.person))
    return waiting
