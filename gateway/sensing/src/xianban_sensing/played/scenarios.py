"""The scenarios of `xianban simulate`: what is said, by which models, and where it is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson
from xianban_sdk.clock import local_day, midnight

from xianban_sensing.played.day import HOME, band_of, box_of, locator_of, set_of
from xianban_sensing.played.motion import RATE_HZ, SECONDS, fall
from xianban_sensing.played.payloads import fix, json_object, pressed

__all__ = ["MOST_SECONDS", "SCENARIOS", "SILENT_AFTER", "Moment", "Scenario"]

BAND, SET, LOCATOR, BOX = "json-wristband", "home-set", "gps-locator", "health-box"
MOST_SECONDS: Final = 3600
# As long as elder care waits for a wristband's pulse.
SILENT_AFTER: Final = timedelta(minutes=15)
_AHEAD: Final = timedelta(hours=1)
# Twelve minutes at an old person's pace lead beyond a place of 500 m.
_WALK: Final = timedelta(minutes=12)
_WALK_DEGREES: Final = 0.0081
_BOARD: Final = "/eldercare/board"


@dataclass(frozen=True, slots=True)
class Moment:
    """One message of a scenario: `step` of `steps`, begun at `begun`, which names what happens."""

    now: datetime
    step: int
    steps: int
    begun: datetime

    @property
    def share(self) -> float:
        """0 with the first message, 1 with the last; 1 with an only one."""
        return self.step / (self.steps - 1) if self.steps > 1 else 1.0

    @property
    def number(self) -> int:
        """A counter that goes up from one run to the next, as a device's own does."""
        return int(self.begun.timestamp())


Say = Callable[[Moment], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Its texts are `simulate-<id>` and `simulate-<id>-leads`."""

    id: str
    says: Mapping[str, Say]
    """By model; the first is the usual one."""
    seconds: int
    """One message a second; 0: one message."""
    least: int = 1
    page: str
    insists: bool = False
    """Says the same until the wearer's display answers, and listens for all its seconds."""

    @property
    def sees(self) -> Literal["desk", "family"]:
        """Who finds it on that page."""
        return "desk" if self.page == _BOARD else "family"


def _calm(of: Callable[[datetime], bytes]) -> Say:
    """A whole day, however long it takes; numbers without a time are of now."""

    def say(moment: Moment) -> bytes:
        first = midnight(local_day(moment.begun))
        return of(first + timedelta(days=moment.step / moment.steps))

    return say


def _falling_oxygen(moment: Moment) -> bytes:
    fallen = moment.share
    return json_object(
        hr=round(76 + 28 * fallen),
        spo2=round(97 - 13 * fallen),
        rr=round(16 + 9 * fallen),
        temp=36.6,
        bat=90,
    )


def _sos(moment: Moment) -> bytes:
    return json_object(ev="sos", id=f"sos-{moment.number}", loc=[*HOME, 12])


def _fall(moment: Moment) -> bytes:
    begun = _millis(moment.now - timedelta(seconds=SECONDS))
    return json_object(id=f"fall-{moment.number}", t=begun, acc={"hz": RATE_HZ, "mg": fall()})


def _smoke(moment: Moment) -> bytes:
    return json_object(smoke=int(moment.share > 0), gas=0, door=0, motion=1, bat=95)


def _wander(moment: Moment) -> bytes:
    """A walk that was kept while there was no network: each fix has its own earlier time."""
    at = moment.now - _WALK * (1 - moment.share)
    latitude, longitude = HOME
    return fix(at, latitude + _WALK_DEGREES * moment.share, longitude)


def _low_battery(moment: Moment, **event: Any) -> bytes:
    told = event if moment.share == 1 else {}
    return json_object(bat=round(20 - 15 * moment.share), **told)


def _band_low(moment: Moment) -> bytes:
    return _low_battery(moment, ev="low-battery", id=f"battery-{moment.number}")


def _set_low(moment: Moment) -> bytes:
    return _low_battery(moment, ev=["low-battery"], seq=moment.number)


def _ahead(of: Callable[[datetime], bytes]) -> Say:
    def say(moment: Moment) -> bytes:
        told = orjson.loads(of(moment.now))
        return json_object(**told, t=_millis(moment.now + _AHEAD))

    return say


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


_HOME_PAGE: Final = "/eldercare"

SCENARIOS: Final[Mapping[str, Scenario]] = {
    one.id: one
    for one in (
        Scenario(
            id="calm",
            says={
                BAND: _calm(band_of),
                SET: _calm(set_of),
                LOCATOR: lambda moment: locator_of(moment.now),
                BOX: _calm(box_of),
            },
            seconds=96,
            page=_HOME_PAGE,
        ),
        Scenario(id="falling-oxygen", says={BAND: _falling_oxygen}, seconds=30, page=_BOARD),
        Scenario(
            id="sos",
            says={BAND: _sos, LOCATOR: lambda moment: pressed(moment.number)},
            seconds=60,
            page=_BOARD,
            insists=True,
        ),
        Scenario(id="fall", says={BAND: _fall}, seconds=0, page=_BOARD),
        Scenario(id="smoke", says={SET: _smoke}, seconds=3, page=_BOARD),
        Scenario(
            id="wander",
            says={LOCATOR: _wander},
            seconds=24,
            # Beyond the border for a minute, in two fixes at least.
            least=4,
            page="/eldercare/whereabouts",
        ),
        Scenario(
            id="low-battery",
            says={BAND: _band_low, SET: _set_low},
            seconds=6,
            page=_BOARD,
        ),
        Scenario(
            id="silence",
            says={BAND: lambda moment: band_of(moment.now)},
            seconds=0,
            page=_BOARD,
        ),
        Scenario(
            id="clock-ahead",
            says={BAND: _ahead(band_of), SET: _ahead(set_of)},
            seconds=5,
            page=_HOME_PAGE,
        ),
    )
}
