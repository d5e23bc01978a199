"""Many calls of one capability in one turn: a hand-over between threads costs more than most calls.

The turn has one time and counts as one call. A call that the plugin fails at costs only itself: it
ends the turn, which is counted against the plugin, and the calls after it get another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xianban_sdk.plugins.hooks import HookResult, Hooks
from xianban_sdk.plugins.isolation.failures import is_fault
from xianban_sdk.plugins.tokens import NOBODY, CapabilityToken, Nobody, TokenMissing, carrying

__all__ = ["Wanted", "run_together"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of the calls, and whose data it carries: what was booked where it was issued."""

    call: Callable[[], Any]
    about: CapabilityToken | Nobody


def run_together(
    hooks: Hooks, plugin: str, what: str, calls: Sequence[Wanted], seconds: float
) -> list[HookResult]:
    """As `Hooks.run`, for each of them in order; `seconds` are for all."""
    for one in calls:
        _spend(plugin, what, one.about)
    found: list[HookResult] = []
    while len(found) < len(calls):
        found += _turn(hooks, plugin, what, calls[len(found) :], seconds)
    return found


def _spend(plugin: str, what: str, about: CapabilityToken | Nobody) -> None:
    if isinstance(about, CapabilityToken):
        about.spend(plugin, what)
        if not about.booked:
            raise TokenMissing(f"{plugin}.{what}: many at once are booked before")


def _turn(
    hooks: Hooks, plugin: str, what: str, calls: Sequence[Wanted], seconds: float
) -> list[HookResult]:
    """As far as the first that fails, which is the last of the results."""
    kept = _Kept()

    def one_by_one() -> None:
        for one in calls:
            if not kept.begin():
                return
            kept.tell(_told(plugin, one))

    turn = hooks.run(plugin, what, one_by_one, seconds, about=NOBODY)
    done, begun = kept.close()
    if turn.error is None or 0 < begun == len(done):
        # One that answered in the last instant has answered; the rest is asked in another turn.
        return done
    # One that is set aside or left alone was not asked at all.
    return [*done, turn] if begun else [turn] * len(calls)


class _Kept:
    """The results of a turn. Who overran is left behind in its thread, which may go on: what it
    says then is nobody's any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: list[HookResult] = []
        self._begun = 0
        self._over = False

    def begin(self) -> bool:
        with self._lock:
            self._begun += not self._over
            return not self._over

    def tell(self, result: HookResult) -> None:
        with self._lock:
            if not self._over:
                self._told.append(result)

    def close(self) -> tuple[list[HookResult], int]:
        """(results, how many calls were begun)."""
        with self._lock:
            self._over = True
            return list(self._told), self._begun


def _told(plugin: str, wanted: Wanted) -> HookResult:
    try:
        if isinstance(wanted.about, Nobody):
            value = wanted.call()
        else:
            with carrying(wanted.about):
                value = wanted.call()
    except Exception as error:
        if is_fault(error):
            raise
        return HookResult(plugin, None, error, 0.0)
    return HookResult(plugin, value, None, 0.0)
