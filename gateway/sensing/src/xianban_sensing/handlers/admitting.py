"""Of whose devices the models' plugins may be told: decided and booked here, read by the uplink."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xianban_sdk.plugins import CapabilityToken, Hooks, NotBooked
from xianban_sdk.telemetry import log

from xianban_sensing.plugins import PARSE, Model, Models

__all__ = ["Speaker", "admit"]

_NOT_READ: Final = CapabilityToken("", PARSE, "", frozenset())


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody whose device has sent something."""

    person: str
    model: str
    read_for_alarms: bool = False


def admit(speakers: Sequence[Speaker], *, models: Models, hooks: Hooks) -> list[CapabilityToken]:
    """One for each, in their order; with basis `vital` only alarms are handed on."""
    by_model: dict[str, list[Speaker]] = defaultdict(list)
    for speaker in speakers:
        by_model[speaker.model].append(speaker)
    found: dict[tuple[str, str], CapabilityToken] = {}
    for name, group in by_model.items():
        if (model := models.get(name)) is not None:
            given = _of_model(group, model, hooks)
            found.update(((person, name), one) for person, one in given.items())
    return [found.get((one.person, one.model), _NOT_READ) for one in speakers]


def _of_model(
    group: Sequence[Speaker], model: Model, hooks: Hooks
) -> Mapping[str, CapabilityToken]:
    read = {one.person for one in group if one.read_for_alarms}
    if read and model.alarms:
        _permit(model, read, hooks, alarm=True)
    people = {one.person for one in group}
    agreed = _permit(model, people, hooks)
    given = dict.fromkeys(agreed.people, agreed)
    left = people - given.keys()
    if left and model.alarms and agreed.refusal != "PURPOSE_UNDECLARED":
        alarms = _permit(model, left, hooks, alarm=True)
        given.update(dict.fromkeys(alarms.people, alarms))
    return given


def _permit(
    model: Model, people: Collection[str], hooks: Hooks, *, alarm: bool = False
) -> CapabilityToken:
    try:
        return hooks.permit(model.plugin, PARSE, people, alarm=alarm, together=False)
    except NotBooked as error:
        log.warning("reading_not_admitted", plugin=model.plugin, error=str(error))
        return _NOT_READ
