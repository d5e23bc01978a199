"""A scenario as it goes: one message a second, or the same one until somebody answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from xianban_sdk.clock import Clock

from xianban_sensing.played.device import Heard
from xianban_sensing.played.scenarios import Moment, Say

__all__ = ["Account", "Line", "Voice", "insist", "step_by_step"]

_REPEAT_SECONDS: Final = 2.0
# Nobody has heard yet: it is only kept, or it was another call that is over.
_NO_ANSWER: Final = frozenset({"held", "over"})


class Voice(Protocol):
    """Whoever speaks for the device."""

    def say(self, payload: bytes) -> None: ...

    def hear(self, seconds: float) -> Heard | None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One message, either way."""

    at: datetime
    said: bytes = b""
    heard: Heard | None = None


@dataclass(slots=True)
class Account:
    """What was said and heard, in order; `tell` is told of each at once."""

    tell: Callable[[Line], None]
    lines: list[Line] = field(default_factory=list[Line])
    answered: bool = False
    _shown: Heard | None = None

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.tell(line)

    def hear(self, line: Line) -> None:
        """A display that shows the same again shows nothing new: brokers repeat themselves."""
        heard = line.heard
        if heard is None or heard == self._shown:
            return
        self._shown = heard
        self.answered |= not heard.earlier and heard.word not in _NO_ANSWER
        self.add(line)


def step_by_step(
    say: Say, seconds: int, voice: Voice, clock: Clock, account: Account, pause: float = 1.0
) -> None:
    """One message a second; with 0 seconds one in all."""
    begun, steps = clock.now(), max(seconds, 1)
    for step in range(steps):
        now = clock.now()
        _say(say(Moment(now, step, steps, begun)), voice, now, account)
        if step + 1 < steps:
            time.sleep(pause)


def insist(
    say: Say,
    seconds: int,
    voice: Voice,
    clock: Clock,
    account: Account,
    repeat: float = _REPEAT_SECONDS,
) -> None:
    """Says it again and again until it is heard; then listens on. `account.answered` tells."""
    begun = clock.now()
    payload = say(Moment(begun, 0, 1, begun))
    end, due = time.monotonic() + seconds, 0.0
    while (now := time.monotonic()) < end:
        if not account.answered and now >= due:
            _say(payload, voice, clock.now(), account)
            due = now + repeat
        heard = voice.hear(min(end, end if account.answered else due) - time.monotonic())
        if heard is not None:
            account.hear(Line(clock.now(), heard=heard))


def _say(payload: bytes, voice: Voice, now: datetime, account: Account) -> None:
    voice.say(payload)
    account.add(Line(now, said=payload))
