"""What an installation may choose about sensing: XIANBAN_SENSING_<NAME> in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from xianban_sensing.domain.endpoints import Allowed, rules_of

__all__ = ["PREFIX", "SensingSettings", "rules"]

PREFIX: Final = "XIANBAN_SENSING_"


@dataclass(frozen=True, slots=True)
class SensingSettings:
    """`notify_hosts`: where subscriptions may have notifications sent, comma-separated hosts,
    addresses and networks, each perhaps with a port; without any, nowhere."""

    notify_hosts: Allowed = field(default_factory=Allowed)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> SensingSettings:
        environ = os.environ if environ is None else environ
        text = environ.get(f"{PREFIX}NOTIFY_HOSTS", "")
        try:
            return cls(rules_of(text.split(",")))
        except ValueError as error:
            raise ValueError(f"{PREFIX}NOTIFY_HOSTS: {error}") from error


@lru_cache(maxsize=1)
def rules() -> SensingSettings:
    """The settings of this process."""
    return SensingSettings.load()
