"""A bed: free, held for somebody until an instant, lain in, or closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from xianban_eldercare.domain.errors import Refused

__all__ = ["LONGEST_HOLD", "Bed", "BedKind", "BedState"]

LONGEST_HOLD: Final = timedelta(days=30)


class BedKind(StrEnum):
    """What a bed is for."""

    ORDINARY = "ordinary"
    NURSING = "nursing"


class BedState(StrEnum):
    """Whether somebody may have it."""

    FREE = "free"
    HELD = "held"
    OCCUPIED = "occupied"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Bed:
    """State and person go together: a free or closed bed is nobody's."""

    state: BedState = BedState.FREE
    resident: str | None = None
    hold_until: datetime | None = None

    def held(self, resident: str, until: datetime, now: datetime) -> Bed:
        """Kept for an elder; for the same one again, until another time."""
        if not now < until <= now + LONGEST_HOLD:
            raise Refused("HOLD_TIME", "hours", days=LONGEST_HOLD.days)
        if self.state is not BedState.FREE and not self._kept_for(resident):
            self._refuse()
        return Bed(BedState.HELD, resident, until)

    def released(self) -> Bed:
        """Given back, or its time is over."""
        if self.state is not BedState.HELD:
            self._refuse()
        return Bed()

    def occupied(self, resident: str) -> Bed:
        """Moved into, by whoever it was kept for if it was."""
        if self.state is not BedState.FREE and not self._kept_for(resident):
            self._refuse()
        return replace(self, state=BedState.OCCUPIED, resident=resident, hold_until=None)

    def kept(self, until: datetime) -> Bed:
        """Left for a while; whoever lay in it has it until an instant."""
        if self.state is not BedState.OCCUPIED:
            self._refuse()
        return replace(self, state=BedState.HELD, hold_until=until)

    def vacated(self) -> Bed:
        if self.state is not BedState.OCCUPIED:
            self._refuse()
        return Bed()

    def closed(self) -> Bed:
        """Nobody is put out by it."""
        if self.state is not BedState.FREE:
            self._refuse()
        return Bed(BedState.CLOSED)

    def opened(self) -> Bed:
        if self.state is not BedState.CLOSED:
            self._refuse()
        return Bed()

    def _kept_for(self, resident: str) -> bool:
        return self.state is BedState.HELD and self.resident == resident

    def _refuse(self) -> None:
        raise Refused(f"BED_{self.state.name}")
