"""Capability tokens: what lets one call take people's data to one plugin.

The SDK issues one per call, if the plugin's manifest declares the purpose of the call's mark and,
where its basis is consent, for those who agree at that moment. Purposes of the plugin's own need
everybody's consent besides. It lives for that call. A marked call without one is a mistake of ours
and raises; who gets none is left out, and it is said. Alarms alone wait for nobody's consent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Final, Protocol

from xianban_sdk.carrying import Basis, Carries, capability_under_way
from xianban_sdk.plugins.manifest import Manifest

__all__ = [
    "NOBODY",
    "STRANGER",
    "CapabilityToken",
    "Desk",
    "Issuer",
    "Nobody",
    "NotBooked",
    "TokenMissing",
    "TokenRefused",
    "carrying",
    "current_token",
    "term_of",
    "terms_of",
]


class TokenMissing(RuntimeError):
    """A call that carries a person's data was made without a capability for it."""


class TokenRefused(RuntimeError):
    """The plugin does not get this person's data; `reason` is UPPER_SNAKE.

    No PermissionError: by that plugins say that a sender did not prove itself.
    """

    def __init__(self, reason: str, plugin: str, purpose: str) -> None:
        self.reason = reason
        super().__init__(f"{plugin} is not given {purpose}: {reason}")


class NotBooked(RuntimeError):
    """What a plugin was to be told could not be written down first."""


class Nobody:
    """Says that a marked call carries nobody's data this time."""


NOBODY: Final = Nobody()
# Somebody whom the suite does not know (yet): a phone before the log-in, a plate at a gate. They
# are counted in the ledger; there is nobody to whom it could be shown.
STRANGER: Final = ""


@dataclass(slots=True)
class CapabilityToken:
    """For one call of one plugin; `people` may be fewer than were asked for, also none."""

    plugin: str
    call: str
    purpose: str
    people: frozenset[str]
    refusal: str = ""
    """Why somebody was left out; empty: nobody was."""
    basis: Basis = "consent"
    # Names the call in logs, here and in the plugin's process; says nothing of the person. What
    # stands before the hyphen also stands in the ledger's line.
    id: str = field(default_factory=lambda: token_hex(8))
    booked: bool = False
    """It was written down where it was issued: the call is made in another process."""
    spent: bool = False

    def spend(self, plugin: str, call: str) -> None:
        """Raises for another plugin or call than it was issued for, and for a second use."""
        if self.spent or (self.plugin, self.call) != (plugin, call):
            raise TokenMissing(f"{plugin}.{call}: this capability is for another call")
        self.spent = True


# The call under way; goes with it into a process of the plugin's own.
current_token: ContextVar[CapabilityToken | None] = ContextVar("xianban_capability", default=None)


@contextmanager
def carrying(capability: CapabilityToken) -> Iterator[None]:
    """What is called inside brings people's data by this capability; plugins can read its id."""
    under_way, named = current_token.set(capability), capability_under_way.set(capability.id)
    try:
        yield
    finally:
        capability_under_way.reset(named)
        current_token.reset(under_way)


class Desk(Protocol):
    """What a service knows: who agrees, and the book of what plugins were given."""

    def agreeing(
        self, purposes: Collection[str], people: Collection[str]
    ) -> tuple[Collection[str], str]:
        """Those who agree to all of this now, and why others, if any, are left out."""
        ...

    def line(self, plugin: Manifest, mark: Carries) -> str:
        """Names today's line of the ledger for what this plugin is told under this mark."""
        ...

    def disclosed(self, plugin: Manifest, mark: Carries, people: Collection[str]) -> None:
        """Writes down what is about to be told; NotBooked when it can't, and nothing is told."""
        ...

    def refused(
        self, plugin: Manifest, mark: Carries, people: Collection[str], reason: str
    ) -> None:
        """Notes that a plugin was left out; never raises."""
        ...


class Issuer:
    """Issues the capabilities of one domain."""

    def __init__(self, domain: str, marks: Mapping[str, Carries]) -> None:
        self._domain = domain
        self._marks = marks
        self.desk: Desk | None = None

    @property
    def purposes(self) -> frozenset[str]:
        """What the domain itself tells plugins people's data for."""
        return frozenset(mark.purpose for mark in self._marks.values())

    def mark(self, call: str, about: object) -> Carries | None:
        """The mark under which this call carries somebody's data; None where it does not."""
        mark = self._marks.get(call)
        if mark is not None and about is None:
            raise TokenMissing(f"{self._domain}: {call} carries people's data: say whose")
        return None if about is NOBODY else mark

    def issue(
        self,
        plugin: Manifest,
        call: str,
        people: Collection[str],
        *,
        quietly: bool = False,
        alarm: bool = False,
    ) -> CapabilityToken:
        """For those of the people of whom the plugin may be told; `quietly`: nobody is missed.

        `alarm`: somebody is in danger, and it does not wait for consents.
        """
        desk, mark = self._counter(call, alarm)
        agreeing, refusal = self._agreeing(desk, plugin, mark, people)
        if refusal and not quietly:
            left_out = [one for one in people if one not in agreeing]
            desk.refused(plugin, mark, left_out, refusal)
        name = f"{desk.line(plugin, mark)}-{token_hex(4)}"
        told = frozenset(agreeing)
        return CapabilityToken(plugin.id, call, mark.purpose, told, refusal, mark.basis, name)

    def hand_over(self, plugin: Manifest, call: str, capability: CapabilityToken) -> None:
        """Immediately before the call: uses the capability up and books what will be told."""
        capability.spend(plugin.id, call)
        if not capability.booked:
            self.book(plugin, capability)

    def book(self, plugin: Manifest, capability: CapabilityToken) -> None:
        """Writes down what will be told; NotBooked when it can't."""
        desk, mark = self._counter(capability.call, capability.basis == "vital")
        desk.disclosed(plugin, mark, capability.people)
        capability.booked = True

    def _counter(self, call: str, alarm: bool) -> tuple[Desk, Carries]:
        mark = self._marks.get(call)
        if mark is None or self.desk is None:
            raise TokenMissing(f"{self._domain}: nothing issues capabilities for {call}")
        if alarm and not mark.alarms:
            raise TokenMissing(f"{self._domain}: {call} brings no alarms")
        return self.desk, replace(mark, basis="vital") if alarm else mark

    def _agreeing(
        self, desk: Desk, plugin: Manifest, mark: Carries, people: Collection[str]
    ) -> tuple[Collection[str], str]:
        if mark.purpose not in plugin.purposes:
            return (), "PURPOSE_UNDECLARED"
        if mark.basis == "vital":
            return people, ""
        needed = terms_of(plugin, self.purposes)
        if mark.basis == "consent":
            needed = [mark.purpose, *needed]
        return desk.agreeing(needed, people) if needed else (people, "")


def terms_of(plugin: Manifest, purposes: Collection[str]) -> list[str]:
    """What residents are asked by this plugin alone: its purposes beyond the domain's own."""
    return [term_of(plugin.id, one) for one in sorted(plugin.purposes) if one not in purposes]


def term_of(plugin: str, purpose: str) -> str:
    """A plugin's own purpose as the consent ledger has it: another plugin's is another term."""
    return f"{plugin}:{purpose}"
