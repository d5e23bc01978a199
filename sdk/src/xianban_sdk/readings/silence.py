"""When is a device silent? Pure; instants are microseconds since 1970 UTC.

Judged by arrival: a late batch shows a device that speaks, whatever its numbers are worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from xianban_sdk.readings.facts import Severity

__all__ = ["Policy", "Promise", "Told", "Watch", "check"]

_MICRO: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How silence is told.

    Again every `repeat_after` while it goes on (None: once). Nothing is told in the first
    `settle` of a process: what waited for it arrives first. When nobody at all is heard, it is
    the way here that is silent: then devices are given `link_grace` more.
    """

    severity: Severity = Severity.MODERATE
    repeat_after: timedelta | None = None
    settle: timedelta = timedelta(seconds=60)
    link_grace: timedelta = timedelta(minutes=10)
    # A silent device is looked at this often, to see it come back.
    recheck: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a device promised of one kind."""

    series: int
    silent_after: int


@dataclass(frozen=True, slots=True)
class Watch:
    """One bound device; kept in `device_watch`."""

    bound_at: int
    promises: Mapping[str, Promise]
    silent_since: int | None = None
    told_at: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell: raised with the silent kinds and their last word, or cleared."""

    raised: bool
    at: int
    silent: Mapping[str, int]
    again: bool = False


def check(
    watch: Watch,
    heard: Mapping[str, int],
    now: int,
    policy: Policy,
    link_heard_since: Callable[[int], bool],
) -> tuple[Watch, int, Told | None]:
    """(the watch after a look at it, when to look next, what to tell).

    `heard` is the newest arrival of each kind; absent: never since the device was bound.
    """
    last = {kind: max(heard.get(kind, 0), watch.bound_at) for kind in watch.promises}
    due = {kind: last[kind] + watch.promises[kind].silent_after for kind in last}
    over = {kind: last[kind] for kind in due if due[kind] <= now}
    recheck = now + policy.recheck // _MICRO
    if not over:
        told = Told(False, now, {}) if watch.silent_since is not None else None
        next_due = min(due.values(), default=now + _DAY)
        return replace(watch, silent_since=None, told_at=None), next_due, told
    if watch.silent_since is not None:
        after, told = _goes_on(watch, over, now, policy)
        return after, recheck, told
    first = min(due[kind] for kind in over)
    if now < first + policy.link_grace // _MICRO and not link_heard_since(first):
        return watch, recheck, None
    begun = replace(watch, silent_since=min(over.values()), told_at=now)
    return begun, recheck, Told(True, now, over)


_DAY: Final = timedelta(days=1) // _MICRO


def _goes_on(
    watch: Watch, silent: Mapping[str, int], now: int, policy: Policy
) -> tuple[Watch, Told | None]:
    told_at = min(watch.told_at or now, now)
    if policy.repeat_after is None or now - told_at < policy.repeat_after // _MICRO:
        return watch, None
    return replace(watch, told_at=now), Told(True, now, silent, again=True)
