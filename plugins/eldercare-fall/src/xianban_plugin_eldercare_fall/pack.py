"""Falls as a rule pack: one alert per event, however many windows tell of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import orjson
from xianban_eldercare.hookspecs import (
    AlertKind,
    Because,
    Case,
    Judged,
    Motion,
    Raise,
    Severity,
)
from xianban_sdk.storage.instant import from_micros, to_micros

from xianban_plugin_eldercare_fall.detector import Movement, falls

__all__ = ["FallDetection"]

# Falls nearer to each other are one event: windows overlap, and who lies tries to get up.
_APART: Final = timedelta(seconds=60)
_KEPT: Final = 10


class FallDetection:
    """The pack "fall". Its alert is the same as that of a band that detects falls by itself."""

    id = "fall"
    version = "0.1.0"
    names: Mapping[str, str] = {"zh-CN": "跌倒检测", "en": "Fall detection"}
    needs: frozenset[str] = frozenset()
    needs_motion = True
    alerts: Sequence[AlertKind] = (AlertKind("fall", frozenset({Severity.SEVERE})),)
    computes: frozenset[str] = frozenset()
    package = "xianban_plugin_eldercare_fall"

    def judge(self, case: Case) -> Judged:
        """The window's falls that no window before told of."""
        known: list[int] = orjson.loads(case.state)["falls"] if case.state else []
        found: list[Raise] = []
        if case.motion is not None:
            for one in falls(case.motion.samples, case.motion.rate_hz):
                at = _instant(case.motion, one)
                if not any(timedelta(microseconds=abs(at - other)) < _APART for other in known):
                    found.append(_raised(at, one))
                    known.append(at)
        return Judged(orjson.dumps({"falls": sorted(known)[-_KEPT:]}).decode(), tuple(found))


def _instant(motion: Motion, one: Movement) -> int:
    return to_micros(motion.at + timedelta(seconds=one.at))


def _raised(at: int, one: Movement) -> Raise:
    params = {"peak": f"{one.peak:.1f}", "turn": f"{one.turn:.0f}"}
    reasons = (Because("reason-fall-motion", params),)
    return Raise("fall", from_micros(at), Severity.SEVERE, reasons)
