"""Asks the registry of whose devices plugins may be told, for many messages at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

import grpc
from xianban.sensing.v1 import devices_pb2 as pb
from xianban.sensing.v1.devices_pb2_grpc import UplinkServiceStub
from xianban_sdk.carrying import Basis
from xianban_sdk.errors import XianbanError
from xianban_sdk.plugins import NOBODY, STRANGER, CapabilityToken
from xianban_sdk.plugins.tokens import Nobody
from xianban_sdk.telemetry import log

from xianban_sensing.convert import RESIDENTS
from xianban_sensing.plugins import PARSE, Models

__all__ = ["Admissions", "Right"]

_SECONDS: Final = 2.0
# A registry that did not answer holds up no alarm behind others: those who waited ask meanwhile.
_PAUSE: Final = 5.0

Right: TypeAlias = CapabilityToken | Nobody


class Admissions:
    """What the uplink may have plugins read. Whom it is about, the registry has booked."""

    def __init__(
        self,
        registry: UplinkServiceStub,
        models: Models,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._models = models
        self._monotonic = monotonic
        self._asked_again = 0.0

    def of(self, bindings: Sequence[pb.Binding], *, waited: bool = False) -> list[Right] | None:
        """For each, in order; None: nobody can be asked. A capability without people: not read.

        `waited`: they were read for alarms already, while nobody could be asked.
        """
        people = [one for one in bindings if one.subject.startswith(RESIDENTS)]
        told = self._ask(people, waited) if people else []
        if told is None:
            return None
        answers = iter(told)
        return [
            self._right(one, next(answers)) if one.subject.startswith(RESIDENTS) else NOBODY
            for one in bindings
        ]

    def for_alarms(self, binding: pb.Binding) -> Right:
        """While nobody can be asked; it is booked when the message is admitted later."""
        if not binding.subject.startswith(RESIDENTS):
            return NOBODY
        model = self._models.get(binding.model)
        found = pb.Admission(capability="unasked", basis="vital")
        return self._right(binding, found if model and model.alarms else pb.Admission())

    def _ask(self, people: Sequence[pb.Binding], waited: bool) -> list[pb.Admission] | None:
        if not waited and self._monotonic() < self._asked_again:
            return None
        speakers = [
            pb.Speaker(subject=one.subject, model=one.model, read_for_alarms=waited)
            for one in people
        ]
        try:
            asked = pb.AdmitReadingsRequest(speakers=speakers)
            told = list(self._registry.AdmitReadings(asked, timeout=_SECONDS).admissions)
            self._asked_again = 0.0
            return told
        except (grpc.RpcError, XianbanError) as error:
            self._asked_again = self._monotonic() + _PAUSE
            log.warning("registry_away", error=repr(error)[:200])
            return None

    def _right(self, binding: pb.Binding, told: pb.Admission) -> CapabilityToken:
        model = self._models.get(binding.model)
        return CapabilityToken(
            plugin=model.plugin if model else "",
            call=PARSE,
            purpose="",
            people=frozenset({STRANGER} if told.capability else ()),
            basis=cast("Basis", told.basis),
            id=told.capability,
            booked=True,
        )
