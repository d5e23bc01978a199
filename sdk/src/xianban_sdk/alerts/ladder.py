"""Who is told next when nobody answers: family, neighbours, station, 120; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["NO_LADDER", "Ladder", "Recipient", "Rung"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who stands on a rung; `params` join the message's."""

    person: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """`wait` is how long this rung has to answer before the next one is told."""

    name: str
    wait: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if not self.name or self.wait <= timedelta(0):
            raise ValueError("a rung has a name and some time to answer")


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs from the bottom up.

    `unhandled_after`: an alert that was acknowledged but neither dispatched nor resolved within
    this time climbs on, from the next rung; None: whoever has it has it.
    `calm`: nobody need hurry. Messages keep to quiet hours, and what is over is closed by itself:
    the next time is another alert, and is told.
    """

    rungs: tuple[Rung, ...] = ()
    unhandled_after: timedelta | None = None
    calm: bool = False

    def __init__(
        self,
        rungs: Iterable[Rung] = (),
        *,
        unhandled_after: timedelta | None = None,
        calm: bool = False,
    ) -> None:
        object.__setattr__(self, "rungs", tuple(rungs))
        object.__setattr__(self, "unhandled_after", unhandled_after)
        object.__setattr__(self, "calm", calm)
        names = [rung.name for rung in self.rungs]
        if len(names) != len(set(names)):
            raise ValueError("two rungs have the same name")

    def reached(self) -> dict[str, timedelta]:
        """When each rung is told at the latest, from the beginning."""
        found: dict[str, timedelta] = {}
        since = timedelta(0)
        for rung in self.rungs:
            found[rung.name] = since
            since += rung.wait
        return found

    def stricter_than(self, other: Ladder) -> bool:
        """Some rung is told sooner than there, or is told at all; or there nobody hurries."""
        if self.rungs and other.calm and not self.calm:
            return True
        known = other.reached()
        return any(
            name not in known or since < known[name] for name, since in self.reached().items()
        )


NO_LADDER = Ladder()
