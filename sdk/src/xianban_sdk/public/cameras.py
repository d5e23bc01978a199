"""城市之眼: what analytics beside a camera saw, in words. No picture has a place here.

A domain declares ``register_camera_events`` and decides what an event means to it; the plugin
reads the sender's protocol. Texts are short (:data:`LONGEST`), so that nothing else than words
can travel in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from xianban_sdk.carrying import carries

__all__ = ["LONGEST", "CameraEvent", "CameraEvents", "Dropped", "Sight", "Unread"]

LONGEST: Final = 128


class Sight(StrEnum):
    """What was seen."""

    FIRE = "fire"
    """烟火: smoke or flames."""
    FIRE_LANE = "fire-lane"
    """消防通道占用: something stands in a fire lane or before an exit."""
    PERSON_DOWN = "person-down"
    """人员倒地."""
    CROWD = "crowd"
    """人员聚集."""
    BARRIER_DAMAGE = "barrier-damage"
    """道闸损坏."""
    WATER = "water"
    """地面积水."""


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """A rule beside a camera began to hold, still holds, or holds no more."""

    camera: str
    """The camera's id as its platform writes it."""
    sight: Sight
    holds: bool
    """False: it is over."""
    occurred_at: datetime
    rule: str
    """The rule's name at the camera; two rules of one camera are two matters."""
    place: str = ""
    """Where in the picture, as the rule says: "B1-03"."""
    confidence: float = 1.0
    """0..1, as the analytics say."""


@dataclass(frozen=True, slots=True)
class Unread:
    """One notification that could not be read; the others go on."""

    item: str
    field: str
    reason: str
    """UPPER_SNAKE."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Pictures and clips that came along and were let go, unread."""

    count: int


class CameraEvents(Protocol):
    """One protocol by which camera events are pushed."""

    id: str
    """The id after `cameraFeeds/`."""
    names: Mapping[str, str]

    @carries("public.safety", "duty", "camera_events.parse")
    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[CameraEvent | Unread | Dropped]:
        """Reads a pushed body; PermissionError: the sender did not prove itself."""
        ...
