"""What becomes of a rule pack's case before the pack sees it, and what may come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Protocol, TypeVar

__all__ = ["MOST_WINDOWS", "Marks", "fresh_window", "in_order"]

MOST_WINDOWS: Final = 16


class Placed(Protocol):
    """Anything of a kind, at an instant in microseconds since 1970 UTC."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> int: ...


P = TypeVar("P", bound=Placed)


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a pack has seen a person: the newest instant of each kind, the newest windows."""

    newest: Mapping[str, int] = field(default_factory=dict[str, int])
    windows: tuple[str, ...] = ()


def in_order(marks: Marks, readings: Iterable[P]) -> tuple[list[P], Marks]:
    """Readings newer than all before of their kind, once per instant, oldest first.

    What comes behind a newer one of its kind is history by then: it is kept, and judged by nobody.
    """
    newest = dict(marks.newest)
    taken: list[P] = []
    for one in sorted(readings, key=attrgetter("at", "kind")):
        if one.at > newest.get(one.kind, 0):
            newest[one.kind] = one.at
            taken.append(one)
    return taken, Marks(newest, marks.windows)


def fresh_window(marks: Marks, event: str) -> Marks | None:
    """The marks with this window of motion in them; None: it was seen."""
    if event in marks.windows:
        return None
    return Marks(marks.newest, (*marks.windows, event)[-MOST_WINDOWS:])
