"""What a vendor may plug into elder care 智慧养老: rules over what devices tell, the weather, …

One family, `register_*`: capabilities, read once at start-up. Everything a plugin imports is in
this module. A rule pack is pure: what it knows of a person comes with each case and goes back with
its answer; it asks no clock, no file and no network. A weather source is asked by the service, is
told nothing of anybody, and is shared with the other domains (`xianban_sdk.public.warnings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import pluggy
from xianban_sdk.carrying import carries
from xianban_sdk.findings import Severity
from xianban_sdk.public.playbooks import (
    Playbook,
    PlaybookFit,
    PlaybookSource,
    PlaybookStep,
    PlaybookUnread,
)
from xianban_sdk.public.responders import (
    Responder,
    ResponderPosition,
    ResponderSource,
    ResponderUnread,
    Skill,
)
from xianban_sdk.public.warnings import (
    Forecast,
    Quoted,
    Unread,
    WarnedArea,
    WarningWords,
    WeatherSource,
    WeatherWarning,
)

__all__ = [
    "AlertKind",
    "Because",
    "Case",
    "Clear",
    "Computed",
    "Forecast",
    "Judged",
    "Live",
    "Motion",
    "Off",
    "Playbook",
    "PlaybookFit",
    "PlaybookSource",
    "PlaybookStep",
    "PlaybookUnread",
    "Quoted",
    "Raise",
    "Responder",
    "ResponderPosition",
    "ResponderSource",
    "ResponderUnread",
    "RulePack",
    "Severity",
    "Skill",
    "Unread",
    "WarnedArea",
    "WarningWords",
    "WeatherSource",
    "WeatherWarning",
    "hookimpl",
    "hookspec",
    "register_playbook",
    "register_responders",
    "register_rule_pack",
    "register_weather",
]

hookspec = pluggy.HookspecMarker("xianban.eldercare")
hookimpl = pluggy.HookimplMarker("xianban.eldercare")

_HISTORY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Live:
    """A number that can be true, in its kind's unit."""

    kind: str
    value: float
    at: datetime
    """When it was true; of a device whose clock is wrong, when it arrived."""


@dataclass(frozen=True, slots=True)
class Off:
    """A device wrote something that is no measurement. There is no number to be had of it."""

    kind: str
    at: datetime
    why: Literal["not-measured", "out-of-range", "jump"]


@dataclass(frozen=True, slots=True)
class Motion:
    """Some seconds of acceleration around a strong movement; no other copy of it is kept."""

    at: datetime
    """When the first sample was taken; if the clock is wrong, reckoned from the arrival."""
    rate_hz: int
    samples: Sequence[tuple[float, float, float]]
    """x, y, z in g; at rest they add up to about 1."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is new about one person.

    Readings come once each and in order: of each kind newer than all before, oldest first. What
    was late, doubled or refused is not here. Windows of motion come once each, in any order.
    """

    now: datetime
    state: str
    """What the pack answered last; empty at first, and after an erasure."""
    readings: tuple[Live | Off, ...] = ()
    motion: Motion | None = None
    oxygen_scale: Literal[1, 2] = 1
    """By which of NEWS2's scales their oxygen saturation counts; 2 where a clinician chose it."""

    def is_history(self, at: datetime) -> bool:
        """Whether it is an hour old: nobody may be paged for it, only for what still is so.

        What begins in history a pack keeps as not told, and raises with the first moment that is
        none at which it still holds. What ends there it clears.
        """
        return self.now - at > _HISTORY


@dataclass(frozen=True, slots=True)
class Because:
    """A sentence by its key in the pack's `locale/*.ftl`, and the values in it."""

    text: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Raise:
    """A condition holds. The same alert again joins the one that stands; it may be worse."""

    alert: str
    at: datetime
    """When it was seen to hold; never in history: such an answer is dropped, its state too."""
    severity: Severity
    reasons: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Clear:
    """A condition is over; people close the alert."""

    alert: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Computed:
    """A number made of readings; kept, shown and charted as they are."""

    kind: str
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A pack's answer: what it wants to know of this person next time, and what it found."""

    state: str
    """4,000 characters at most; encrypted at rest, erased with the person."""
    findings: tuple[Raise | Clear | Computed, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertKind:
    """An alert that a pack may raise."""

    code: str
    """The pack's id, or the id, a hyphen and more; the title is `alert-<code>` in its texts."""
    severities: frozenset[Severity]


class RulePack(Protocol):
    """Rules over some kinds of readings of one person at a time."""

    id: str
    """Lower case letters, digits and hyphens, e.g. "news2"."""
    version: str
    names: Mapping[str, str]
    """By locale."""
    needs: frozenset[str]
    """Kinds of readings; nobody is judged for others."""
    needs_motion: bool
    alerts: Sequence[AlertKind]
    computes: frozenset[str]
    """Kinds of `Computed`, as elder care knows them."""
    package: str
    """Where `locale/zh-CN.ftl` and `locale/en.ftl` lie."""

    @carries("eldercare.monitoring", "consent", "rule_pack.judge")
    def judge(self, case: Case) -> Judged:
        """The same case gives the same answer; called for many people in turn, a second in all."""
        ...


@hookspec
def register_rule_pack() -> list[RulePack]:  # type: ignore[empty-body]
    """Brings rule packs, which turn what devices tell of a person into alerts and scores."""


@hookspec
def register_playbook() -> list[PlaybookSource]:  # type: ignore[empty-body]
    """Brings sources of playbooks: what is done about which alerts, step by step."""


@hookspec
def register_responders() -> list[ResponderSource]:  # type: ignore[empty-body]
    """Brings dispatching systems that tell who is on duty and where."""


@hookspec
def register_weather() -> list[WeatherSource]:  # type: ignore[empty-body]
    """Brings weather services: warnings (CAP) and forecasts."""
