"""What a bus promises, whichever one carries the events."""

from collections.abc import Callable, Sequence
from typing import Protocol

from xianban_sdk.messaging.event import Event

__all__ = ["Bus", "BusUnavailable", "Deliver", "DeliveryStopped", "Subscription"]

# Takes events in order; returns once each is settled (applied, dead-lettered or parked).
Deliver = Callable[[list[Event]], None]


class BusUnavailable(Exception):
    """Not everything was taken over; publishing the same events again is safe and needed."""


class DeliveryStopped(Exception):
    """The consumer is going down before everything was settled: deliver again later."""


class Subscription(Protocol):
    """A group's running consumer."""

    def close(self) -> None:
        """Stop consuming; what was not settled comes again at the next subscription."""
        ...


class Bus(Protocol):
    """Carries events from outboxes to inboxes: at least once, in order per aggregate."""

    def declare(self, group: str, patterns: Sequence[str]) -> None:
        """Make the group known before it consumes: from now on nothing of its patterns is lost.

        Every process declares the groups of all installed services before its relay starts.
        """
        ...

    def publish(self, events: list[Event]) -> None:
        """Return once everything is safe; else raise `BusUnavailable`."""
        ...

    def publish_transient(self, event: Event) -> None:
        """Tell whoever listens now; never stored."""
        ...

    def subscribe(self, group: str, patterns: Sequence[str], deliver: Deliver) -> Subscription:
        """Declare and consume; one consumer of a group is active at a time."""
        ...

    def subscribe_transient(
        self, patterns: Sequence[str], deliver: Callable[[Event], None]
    ) -> Subscription:
        """Listen to transient events, each process for itself."""
        ...

    def ready(self) -> bool:
        """Whether publishing would work now, for health."""
        ...

    def close(self) -> None: ...
