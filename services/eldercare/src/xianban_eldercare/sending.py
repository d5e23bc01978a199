"""Sends a responder to an alert: one at a time, named as the desk knows them."""

from __future__ import annotations

from typing import Final

import orjson
from xianban_sdk.alerts import Alert
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.repository import MACHINE, Muster
from xianban_eldercare.repository.muster import ResponderRow

__all__ = ["sent"]

_RESPONDER: Final = "responders/"
# Longer is taken for a person's id where alerts are shown.
_LONGEST: Final = 25


def sent(to: str, alert: Alert, uow: UnitOfWork) -> str:
    """As the alert names who was sent; refuses who is sent elsewhere already, or off duty."""
    book, now = Muster(uow.conn, MACHINE), uow.clock.now()
    chosen = to.startswith(_RESPONDER)
    row = book.find(to.removeprefix(_RESPONDER), now) if chosen else book.of_person(to, now)
    if chosen and row is None:
        raise FailedPrecondition("RESPONDER_NOT_ON_DUTY", field="to")
    book.released(alert.id)
    if row is None:
        return to
    if not book.send(row, alert.id, now):
        raise FailedPrecondition("RESPONDER_SENT_ELSEWHERE", field="to", name=_called(row))
    return _called(row) if chosen else to


def _called(row: ResponderRow) -> str:
    detail = orjson.loads(row.detail)
    whole = f"{detail['name']}（{detail['organisation']}）"
    known = whole if detail["organisation"] else detail["name"]
    return known if len(known) <= _LONGEST else detail["name"][:_LONGEST]
