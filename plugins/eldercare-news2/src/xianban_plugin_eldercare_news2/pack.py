"""NEWS2 as a rule pack: a score only of parameters that are all live, and why it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Final, Literal

import orjson
from xianban_eldercare.hookspecs import (
    AlertKind,
    Because,
    Case,
    Clear,
    Computed,
    Judged,
    Live,
    Off,
    Raise,
    Severity,
)
from xianban_sdk.storage.instant import from_micros, to_micros

from xianban_plugin_eldercare_news2.score import Observed, Score, score

__all__ = ["FRESH", "News2", "band"]

_MINUTE: Final = timedelta(minutes=1)
# How old a number may be and still count; never older than elder care itself would show it.
FRESH: Final = {
    "respiratory-rate": 5 * _MINUTE,
    "oxygen-saturation": 5 * _MINUTE,
    "heart-rate": 5 * _MINUTE,
    "systolic-pressure": 10 * _MINUTE,
    "body-temperature": 60 * _MINUTE,
}
# These come by the clock: when they cease, a sensor is off. A cuff is put on now and then.
_STEADY: Final = ("heart-rate", "oxygen-saturation", "respiratory-rate")
# Seen by people. Until somebody says otherwise: alert, and breathing air.
_TOLD: Final = {"consciousness": 60 * _MINUTE, "supplemental-oxygen": 60 * _MINUTE}
# The same in microseconds: asked for ten times a person and moment.
_SPANS: Final = {kind: span // timedelta(microseconds=1) for kind, span in (FRESH | _TOLD).items()}
_HALF: Final = 0.5
_SCALE_2: Final = 2

_SCORE: Final = "news2"
_OFF: Final = "news2-sensor-off"
# Band → severity: 3 in one parameter, 5-6, 7 and more.
_SEVERITIES: Final = {1: Severity.MODERATE, 2: Severity.SEVERE, 3: Severity.EXTREME}


def band(found: Score) -> int:
    """0: below 5 and no 3 · 1: a 3 in one parameter · 2: 5 or 6 · 3: 7 and more."""
    if found.total >= 7:
        return 3
    if found.total >= 5:
        return 2
    return 1 if found.worst >= 3 else 0


@dataclass(slots=True)
class _Person:
    """What is known of one person; instants in microseconds since 1970 UTC."""

    # Kind → newest instant, and the value unless the sensor was off.
    newest: dict[str, tuple[int, float | None]] = field(
        default_factory=dict[str, tuple[int, float | None]]
    )
    # As far as it was told: what begins in history is not.
    band: int = 0
    off: frozenset[str] = frozenset()
    # The newest score's instant, and the score.
    scored: tuple[int, int] = (0, -1)

    @classmethod
    def read(cls, state: str) -> _Person:
        if not state:
            return cls()
        kept = orjson.loads(state)
        newest = {kind: (at, value) for kind, (at, value) in kept["newest"].items()}
        at, points = kept["scored"]
        return cls(newest, kept["band"], frozenset(kept["off"]), (at, points))

    def written(self) -> str:
        kept = {
            "newest": self.newest,
            "band": self.band,
            "off": sorted(self.off),
            "scored": self.scored,
        }
        return orjson.dumps(kept).decode()

    def live(self, kind: str, now: int) -> float | None:
        """The number, if its newest is one and young enough."""
        at, value = self.newest.get(kind, (0, None))
        return value if now - at <= _SPANS[kind] else None

    def missing(self, now: int) -> list[str]:
        """The parameters without which there is no score."""
        return [kind for kind in FRESH if self.live(kind, now) is None]

    def silent(self, now: int) -> frozenset[str]:
        """Sensors that measured nothing last, and steady ones that have ceased.

        Only of somebody who has them all: who wears a band alone was never scored, and a band on
        its charger at night is nobody's alarm.
        """
        if not FRESH.keys() <= self.newest.keys():
            return frozenset()
        return frozenset(
            kind
            for kind, (_, value) in self.newest.items()
            if kind in FRESH
            and (value is None or (kind in _STEADY and self.live(kind, now) is None))
        )


class News2:
    """The pack "news2"."""

    id = "news2"
    version = "0.1.0"
    names: Mapping[str, str] = {
        "zh-CN": "国家早期预警评分 NEWS2",
        "en": "Early warning score NEWS2",
    }
    needs = frozenset({*FRESH, *_TOLD})
    needs_motion = False
    alerts: Sequence[AlertKind] = (
        AlertKind(_SCORE, frozenset(_SEVERITIES.values())),
        AlertKind(_OFF, frozenset({Severity.MINOR})),
    )
    computes = frozenset({"news2"})
    package = "xianban_plugin_eldercare_news2"

    def judge(self, case: Case) -> Judged:
        """Moment by moment, oldest first."""
        person = _Person.read(case.state)
        found: list[Raise | Clear | Computed] = []
        for _, together in groupby(case.readings, key=lambda one: one.at):
            for one in together:
                person.newest[one.kind] = _kept(one)
            now = max(at for at, _ in person.newest.values())
            past = case.is_history(from_micros(now))
            found += _sensors(person, now, past)
            found += _scored(person, now, past, case.oxygen_scale)
        return Judged(person.written(), tuple(found))


def _kept(one: Live | Off) -> tuple[int, float | None]:
    return to_micros(one.at), one.value if isinstance(one, Live) else None


def _sensors(person: _Person, now: int, past: bool) -> Iterator[Raise | Clear | Computed]:
    """Told when another sensor goes off; over when all are back."""
    off, before = person.silent(now), person.off
    person.off = before if past and off else off
    at = from_micros(now)
    if person.off - before:
        reasons = tuple(Because("reason-news2-sensor-off", {"kind": kind}) for kind in sorted(off))
        yield Raise(_OFF, at, Severity.MINOR, reasons)
    elif before and not off:
        yield Clear(_OFF, at)


def _scored(
    person: _Person, now: int, past: bool, scale: Literal[1, 2]
) -> Iterator[Raise | Clear | Computed]:
    """Without a score what stands stays: silence is no recovery."""
    if person.missing(now):
        return
    found = score(_observed(person, now, scale))
    before, points = person.scored
    if now <= before and found.total == points:
        return
    # Two numbers of one moment that come apart make two scores: the later one stands.
    instant = max(now, before + 1)
    person.scored = (instant, found.total)
    at = from_micros(instant)
    yield Computed("news2", found.total, at)
    level, told = band(found), person.band
    person.band = min(level, told) if past else level
    if person.band > told:
        yield Raise(_SCORE, at, _SEVERITIES[level], _reasons(person, found, now, scale))
    elif told and not level:
        yield Clear(_SCORE, at)


def _observed(person: _Person, now: int, scale: Literal[1, 2]) -> Observed:
    numbers = {kind: person.newest[kind][1] or 0.0 for kind in FRESH}
    asleep, oxygen = (person.live(kind, now) for kind in _TOLD)
    return Observed(
        respiratory_rate=numbers["respiratory-rate"],
        oxygen_saturation=numbers["oxygen-saturation"],
        systolic_pressure=numbers["systolic-pressure"],
        heart_rate=numbers["heart-rate"],
        body_temperature=numbers["body-temperature"],
        alert=asleep is None or asleep < _HALF,
        on_oxygen=oxygen is not None and oxygen >= _HALF,
        scale=scale,
    )


def _reasons(person: _Person, found: Score, now: int, scale: Literal[1, 2]) -> tuple[Because, ...]:
    """The sum, each parameter that gave points, the scale, and what nobody told."""
    first = "reason-news2-single" if band(found) == 1 else "reason-news2"
    assumed = [kind for kind in _TOLD if person.live(kind, now) is None]
    parts = sorted((part for part in found.parts if part.points), key=lambda part: -part.points)
    told = [
        Because(
            "reason-news2-part",
            {"kind": part.parameter, "value": part.value, "points": str(part.points)},
        )
        for part in parts[:6]
    ]
    # A word: texts choose by words, "2" is no number to them.
    said = {"assumed": "-".join(assumed) or "none", "scale": "two" if scale == _SCALE_2 else "one"}
    basis = Because("reason-news2-basis", said)
    return (Because(first, {"score": str(found.total)}), *told, basis)
