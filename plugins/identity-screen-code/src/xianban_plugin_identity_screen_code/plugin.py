"""Hands the code back to the log-in page; identity refuses this outside demo districts."""

from __future__ import annotations

from xianban_identity.hookspecs import CodeMessage, CodeSender, Delivery, hookimpl

__all__ = ["ScreenSender", "register_code_sender"]


class ScreenSender:
    """No phone is needed: identity keeps the code for one look at the page."""

    id = "screen"
    demo_only = True

    def send(self, message: CodeMessage) -> Delivery:
        """Nothing leaves the machine."""
        return Delivery(screen_code=message.code)


@hookimpl
def register_code_sender() -> CodeSender:
    """The demo's sender."""
    return ScreenSender()
