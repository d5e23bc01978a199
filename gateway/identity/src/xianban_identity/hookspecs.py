"""What a vendor may plug into identity 统一身份认证.

Both hooks bring capabilities and are read once at start-up. Everything a plugin needs to import is
in this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pluggy
from xianban_sdk.carrying import carries, carries_nothing

__all__ = [
    "CodeMessage",
    "CodeSender",
    "Delivery",
    "DeviceFactor",
    "Kept",
    "SecondFactor",
    "Setup",
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

    @carries("identity.login-code", "request", "send_code")
    def send(self, message: CodeMessage) -> Delivery:
        """Raises when the code can't be handed on."""
        ...


class SecondFactor(Protocol):
    """Something a person has or knows beside the phone."""

    id: str
    # The amr value of RFC 8176, e.g. "pin" or "otp".
    amr: str

    @carries_nothing("a secret and what was typed, without whose they are")
    def enrol(self, given: str) -> str:
        """What to remember (kept encrypted) for what the person chose; ValueError when unfit."""
        ...

    @carries_nothing("a secret and what was typed, without whose they are")
    def verify(self, secret: str, given: str, at: float) -> bool:
        """Whether what was typed fits what is remembered."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What a person takes over into their own device; kept encrypted until it is confirmed."""

    secret: str
    # Drawn as a QR code.
    uri: str
    # The same, to be typed.
    key: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What to remember from now on, kept encrypted; `codes` are shown to the person once."""

    secret: str
    codes: tuple[str, ...] = ()


@runtime_checkable
class DeviceFactor(Protocol):
    """Something a person's own device works out, so that no answer is good twice."""

    id: str
    # The amr value of RFC 8176, e.g. "otp".
    amr: str

    @carries("identity.second-factor", "request", "factor.begin")
    def begin(self, issuer: str, account: str) -> Setup:
        """A fresh set-up, labelled with the issuer's and the person's name."""
        ...

    @carries_nothing("a secret and what was typed, without whose they are")
    def confirm(self, secret: str, given: str, at: float) -> Kept | None:
        """What counts from here on when the device answers rightly, else None."""
        ...

    @carries_nothing("a secret and what was typed, without whose they are")
    def answer(self, secret: str, given: str, at: float) -> str | None:
        """What to remember instead when the answer fits (it is used up then), else None."""
        ...

    @carries_nothing("a secret, without whose it is")
    def renew(self, secret: str) -> Kept:
        """Fresh recovery codes; those before are void."""
        ...

    @carries_nothing("a secret, without whose it is")
    def left(self, secret: str) -> int:
        """How many recovery codes are not used yet."""
        ...


@hookspec
def register_code_sender() -> CodeSender:  # type: ignore[empty-body]
    """Brings the one-time codes of the log-in to phones."""


@hookspec
def register_second_factor() -> SecondFactor | DeviceFactor:  # type: ignore[empty-body]
    """Adds a factor that makes a log-in strong (acr urn:xianban:acr:2).

    A `SecondFactor` is chosen by the person, a `DeviceFactor` is set up with their device.
    """
