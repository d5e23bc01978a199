"""What matrix-0-1-identity brings to identity."""

from __future__ import annotations

from xianban_identity.hookspecs import (
    CodeMessage,
    CodeSender,
    Delivery,
    DeviceFactor,
    SecondFactor,
    hookimpl,
)

__all__ = ["Matrix01IdentityCodeSender", "Matrix01IdentitySecondFactor", "register_code_sender", "register_second_factor"]


class Matrix01IdentityCodeSender:
    """Brings one-time codes to phones."""

    id: str = "matrix-0-1-identity"
    # True: refused outside demo districts.
    demo_only: bool = False

    def send(self, message: CodeMessage) -> Delivery:
        """Raises when the code can't be handed on."""
        raise NotImplementedError("send is not written yet")


@hookimpl
def register_code_sender() -> CodeSender:
    """Brings the one-time codes of the log-in to phones."""
    return Matrix01IdentityCodeSender()


class Matrix01IdentitySecondFactor:
    """Something a person has or knows beside the phone."""

    id: str = "matrix-0-1-identity"
    # The amr value of RFC 8176, e.g. "pin" or "otp".
    amr: str = "pin"

    def enrol(self, given: str) -> str:
        """What to remember (kept encrypted) for what the person chose; ValueError when unfit."""
        raise NotImplementedError("enrol is not written yet")

    def verify(self, secret: str, given: str, at: float) -> bool:
        """Whether what was typed fits what is remembered."""
        return False


@hookimpl
def register_second_factor() -> SecondFactor | DeviceFactor:
    """Adds a factor that makes a log-in strong (acr urn:xianban:acr:2)."""
    return Matrix01IdentitySecondFactor()
