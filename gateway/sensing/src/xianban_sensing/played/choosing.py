"""Which device plays, by the flags; what cannot be is refused naming its flag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from xianban_sensing.played.device import where
from xianban_sensing.played.scenarios import MOST_SECONDS, SCENARIOS, Scenario
from xianban_sensing.seed import DEMO_SECRET, demo_data

__all__ = ["BadFlag", "Cast", "broker_of", "cast", "scenario_of", "seconds_of"]

# As the registry takes device ids; anything else could name a topic of several devices.
_DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class BadFlag(Exception):
    """`flag: what is wrong`, and what would be right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays."""

    device: str
    model: str
    secret: str
    demo: bool


def scenario_of(name: str) -> Scenario:
    found = SCENARIOS.get(name)
    if found is None:
        wrong = f"there is no scenario {name!r}" if name else "name one"
        raise BadFlag(f"SCENARIO: {wrong}.", f"There are: {', '.join(SCENARIOS)}.")
    return found


def cast(scenario: Scenario, device: str, model: str, secret: str) -> Cast:
    """The demo's device of the scenario's model, or the one that is named."""
    demo = {one["id"]: one["model"] for one in demo_data()["device"]}
    if device and not _DEVICE.fullmatch(device):
        raise BadFlag(f"--device: {device!r} is no device's id.")
    chosen = _model(scenario, model, demo.get(device, ""), device)
    played = device or _of_model(demo, chosen)
    if not secret and played not in demo:
        raise BadFlag(
            f"--secret: {played} is none of the demo's devices; say its secret.",
            "It was shown once, when the device was registered or its secret renewed.",
        )
    return Cast(played, chosen, secret or DEMO_SECRET, played in demo)


def _model(scenario: Scenario, wanted: str, known: str, device: str) -> str:
    fitting = ", ".join(scenario.says)
    if wanted and wanted not in scenario.says:
        raise BadFlag(f"--model: {wanted!r} does not play {scenario.id}.", f"It takes: {fitting}.")
    if known and known != (wanted or known):
        raise BadFlag(f"--model: the demo's {device} is a {known}, no {wanted}.")
    if known and known not in scenario.says:
        raise BadFlag(
            f"--device: {device} is a {known}, which does not play {scenario.id}.",
            f"It takes a {fitting}.",
        )
    return wanted or known or next(iter(scenario.says))


def _of_model(demo: Mapping[str, str], model: str) -> str:
    return next(device for device, known in demo.items() if known == model)


def seconds_of(scenario: Scenario, seconds: int | None) -> int:
    if seconds is None:
        return scenario.seconds
    if not scenario.seconds:
        raise BadFlag(f"--seconds: {scenario.id} is one message.")
    if not scenario.least <= seconds <= MOST_SECONDS:
        raise BadFlag(f"--seconds: {scenario.id} takes {scenario.least} to {MOST_SECONDS}.")
    return seconds


def broker_of(url: str) -> SplitResult:
    """What stands before @ is the uplink's log-in, not a device's."""
    try:
        found = urlsplit(url)
        where(found)
    except ValueError as error:
        raise BadFlag(f"--mqtt: {url.rpartition('@')[2]!r} is no broker: {error}.") from None
    return found
