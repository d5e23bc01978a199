"""How plugins do: calls, errors and times of the last ten minutes, in bounded memory.

Each hook has a small histogram per minute. Nothing is locked: two threads that count in the same
instant may lose one of the two, which costs a figure nothing and a call less than a lock.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["WINDOW_SECONDS", "Fault", "Figures", "HookFigures", "together"]

_SLOT_SECONDS: Final = 60
_SLOTS: Final = 10
WINDOW_SECONDS: Final = _SLOT_SECONDS * _SLOTS
_FAULTS: Final = 20
# From 10 µs in steps of a quarter to more than a minute; what takes longer counts as the last.
_BOUNDS: Final = tuple(1e-5 * 1.25**step for step in range(72))


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure."""

    at: float
    """Monotonic."""
    hook: str
    kind: str


@dataclass(frozen=True, slots=True)
class HookFigures:
    """One hook within the window."""

    hook: str
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])
    times: Counter[int] = field(default_factory=Counter[int])
    """Calls by the place of their bound."""

    def quantile(self, share: float) -> float:
        """Seconds that this share of the calls did not exceed; 0 when there were none."""
        wanted, seen = share * self.calls, 0
        for place, count in sorted(self.times.items()):
            seen += count
            if seen >= wanted:
                return _BOUNDS[place]
        return 0.0


class _Slot:
    """One minute of one hook."""

    __slots__ = ("errors", "minute", "times")

    def __init__(self, minute: int) -> None:
        self.minute = minute
        self.times = [0] * len(_BOUNDS)
        self.errors: dict[str, int] = {}


class Figures:
    """Of one domain's plugins."""

    def __init__(self) -> None:
        self._slots: dict[tuple[str, str], list[_Slot]] = {}
        self._faults: dict[str, deque[Fault]] = {}

    def note(self, plugin: str, hook: str, seconds: float, now: float, kind: str = "") -> None:
        """Counts a call that ended `now` (monotonic); `kind` is its error's, if it failed."""
        minute = int(now) // _SLOT_SECONDS
        slots = self._slots.get((plugin, hook))
        if slots is None:
            slots = [_Slot(-1)] * _SLOTS
            slots = self._slots.setdefault((plugin, hook), slots)
        slot = slots[minute % _SLOTS]
        if slot.minute != minute:
            slot = slots[minute % _SLOTS] = _Slot(minute)
        slot.times[min(bisect_left(_BOUNDS, seconds), len(_BOUNDS) - 1)] += 1
        if kind:
            slot.errors[kind] = slot.errors.get(kind, 0) + 1
            self._note_fault(plugin, Fault(now, hook, kind))

    def of(self, plugin: str, now: float | None = None) -> list[HookFigures]:
        """The plugin's hooks that were called within the window, by name."""
        minute = int(time.monotonic() if now is None else now) // _SLOT_SECONDS
        mine = [
            (hook, slots) for (name, hook), slots in list(self._slots.items()) if name == plugin
        ]
        found = [_figures(hook, slots, minute) for hook, slots in sorted(mine)]
        return [one for one in found if one.calls]

    def faults(self, plugin: str) -> list[Fault]:
        """The newest first; they are kept longer than the figures."""
        return list(self._faults.get(plugin, ()))[::-1]

    def forget(self, plugin: str) -> None:
        """It is gone, or begins anew."""
        self._faults.pop(plugin, None)
        for key in [key for key in list(self._slots) if key[0] == plugin]:
            self._slots.pop(key, None)

    def _note_fault(self, plugin: str, fault: Fault) -> None:
        faults = self._faults.get(plugin)
        if faults is None:
            faults = self._faults.setdefault(plugin, deque(maxlen=_FAULTS))
        faults.append(fault)


def together(figures: Iterable[HookFigures]) -> HookFigures:
    """All of them as one."""
    errors, times = Counter[str](), Counter[int]()
    for one in figures:
        errors.update(one.errors)
        times.update(one.times)
    return HookFigures("", times.total(), errors, times)


def _figures(hook: str, slots: list[_Slot], minute: int) -> HookFigures:
    errors, times = Counter[str](), Counter[int]()
    for slot in list(slots):
        if slot.minute > minute - _SLOTS:
            errors.update(slot.errors)
            times.update({place: count for place, count in enumerate(slot.times) if count})
    return HookFigures(hook, times.total(), errors, times)
