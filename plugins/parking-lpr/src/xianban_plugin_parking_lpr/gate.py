"""A camera's message: proved, bounded, read; a bad passage costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

import orjson
from xianban_parking.hookspecs import GateEvent, Rejected
from xianban_sdk.signatures import verify

from xianban_plugin_parking_lpr.fields import FieldError, Fields

__all__ = ["LprGate"]

MAX_BODY: Final = 256 * 1024
MAX_EVENTS: Final = 200
# Cameras' clocks drift; what lies further ahead is a wrong clock, not a passage.
AHEAD: Final = timedelta(minutes=5)

Read = Callable[[Fields], GateEvent]


class LprGate:
    """A gate kind that speaks one JSON dialect, single messages or batches."""

    def __init__(self, id: str, secret: bytes, read: Read) -> None:  # noqa: A002 - the hookspec's name
        self.id = id
        self._secret = secret
        self._read = read

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[GateEvent | Rejected]:
        """Reads a message whose sender proved itself; raises PermissionError otherwise."""
        if len(body) > MAX_BODY:
            return iter([Rejected("body", "body", "TOO_LARGE")])
        verify(self._secret, headers, body, now)
        return self._passages(body, now)

    def _passages(self, body: bytes, now: datetime) -> Iterator[GateEvent | Rejected]:
        try:
            messages = _messages(orjson.loads(body))
        except orjson.JSONDecodeError:
            yield Rejected("body", "body", "NOT_JSON")
            return
        if len(messages) > MAX_EVENTS:
            yield Rejected("body", "events", "TOO_MANY")
            return
        for number, message in enumerate(messages, start=1):
            yield self._passage(message, number, now)

    def _passage(self, message: object, number: int, now: datetime) -> GateEvent | Rejected:
        item = f"event {number}"
        try:
            event = self._read(Fields(message))
            if event.occurred_at > now + AHEAD:
                raise FieldError("time", "TIME_IN_FUTURE")
        except FieldError as error:
            return Rejected(item, error.field, error.reason)
        return event


def _messages(value: object) -> list[object]:
    if isinstance(value, dict):
        message = cast("dict[str, object]", value)
        value = message.get("events", message)
    return cast("list[object]", value) if isinstance(value, list) else [value]
