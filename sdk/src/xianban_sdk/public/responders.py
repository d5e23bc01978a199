"""力量分布: who is on duty, what they can do and where they were last seen.

A domain declares `register_responders` and decides whom an alarm needs; the plugin reads the
sender's protocol. What is told here is personal data of people at work: only of those who are on
duty, and only what sending them needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from xianban_sdk.carrying import carries_nothing

__all__ = [
    "DutyState",
    "Responder",
    "ResponderPosition",
    "ResponderSource",
    "ResponderUnread",
    "Skill",
]

DutyState = Literal["free", "on-the-way", "busy", "off"]


class Skill(StrEnum):
    """What a responder can do."""

    FIRST_AID = "first-aid"
    """急救."""
    FIRE = "fire"
    """消防."""
    SOCIAL_WORK = "social-work"
    """社工."""
    REPAIR = "repair"
    """维修."""
    SEARCH = "search"
    """搜寻."""


@dataclass(frozen=True, slots=True)
class ResponderPosition:
    """Where somebody was; WGS 84, never GCJ-02."""

    latitude: float
    longitude: float
    observed_at: datetime
    accuracy_m: float | None = None
    """None: not told."""


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody who can be sent, alone or as a team."""

    id: str
    """The source's own; 128 characters at most."""
    name: str
    """As staff know them."""
    skills: tuple[Skill, ...]
    on_duty_from: datetime
    on_duty_until: datetime
    state: DutyState
    organisation: str = ""
    position: ResponderPosition | None = None
    """None: nobody knows where they are."""
    phone: str = ""
    person: str = ""
    """The suite's person id, if they have an account."""


@dataclass(frozen=True, slots=True)
class ResponderUnread:
    """One entry that could not be read; the others stand."""

    item: str
    field: str
    reason: str
    """UPPER_SNAKE."""


class ResponderSource(Protocol):
    """A dispatching system that knows its people."""

    id: str
    """The id after `responderSources/`: lower case letters, digits and hyphens."""
    names: Mapping[str, str]
    """By locale."""
    cadence: timedelta
    """How often it is asked; a minute or less, or positions are old before they are known."""

    @carries_nothing("it is asked who is on duty, and told of nobody")
    def read(self, now: datetime) -> Iterator[Responder | ResponderUnread]:
        """All whom it knows now; called outside a transaction.

        Raises when the list could not be read. Who is no longer told can no longer be sent.
        """
        ...
