"""What a vendor may plug into identity 统一身份认证.

Both hooks bring capabilities and are read once at start-up. Everything a plugin needs to import is
in this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pluggy

__all__ = [
    "CodeMessage",
    "CodeSender",
    "Delivery",
    "SecondFactor",
    "hookimpl",
    "hookspec",
    "register_code_sender",
    "register_second_factor",
]

hookspec = pluggy.HookspecMarker("xianban.identity")
hookimpl = pluggy.HookimplMarker("xianban.identity")


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A one-time code on its way to a phone."""

    phone: str
    code: str
    locale: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of it. `screen_code`, where set, is shown once in the browser that asked."""

    accepted: bool = True
    screen_code: str = ""


class CodeSender(Protocol):
    """Brings one-time codes to phones."""

    id: str
    # True: refused outside demo districts.
    demo_only: bool

    def send(self, message: CodeMessage) -> Delivery:
        """Raises when the code can't be handed on."""
        ...


class SecondFactor(Protocol):
    """Something a person has or knows beside the phone."""

    id: str
    # The amr value of RFC 8176, e.g. "pin" or "otp".
    amr: str

    def enrol(self, given: str) -> str:
        """What to remember (kept encrypted) for what the person chose; ValueError when unfit."""
        ...

    def verify(self, secret: str, given: str, at: float) -> bool:
        """Whether what was typed fits what is remembered."""
        ...


@hookspec
def register_code_sender() -> CodeSender:  # type: ignore[empty-body]
    """Brings the one-time codes of the log-in to phones."""


@hookspec
def register_second_factor() -> SecondFactor:  # type: ignore[empty-body]
    """Adds a factor that makes a log-in strong (acr urn:xianban:acr:2)."""
