"""What matrix-0-1-notify brings to notify."""

from __future__ import annotations

from collections.abc import Mapping

from xianban_notify.hookspecs import Attempt, Channel, Outcome, hookimpl

__all__ = ["Matrix01NotifyChannel", "register_channel"]


class Matrix01NotifyChannel:
    """One way by which messages reach people."""

    # Short and stable, e.g. "email"; it is stored with each delivery.
    id: str = "matrix-0-1-notify"
    # Name by locale, "zh-CN" and "en".
    names: Mapping[str, str] = {
        "zh-CN": "Matrix 0 1 notify",
        "en": "Matrix 0 1 notify",
    }
    # The kind of address it sends to: "email", "phone", "wecom" or "webpush".
    needs: str = "email"
    # True: the provider drops a second attempt with the same key.
    takes_idempotency_key: bool = False
    # True: carries only urgent messages unless the person asks for more.
    urgent_only: bool = False
    # True: confirmation codes for its kind of address go this way.
    carries_codes: bool = False
    # What a browser needs to subscribe (RFC 8292's application server key); else "".
    browser_key: str = ""

    def deliver(self, attempt: Attempt) -> Outcome:
        """Hands one message on. Raising counts as `Verdict.FAILED`."""
        raise NotImplementedError("deliver is not written yet")


@hookimpl
def register_channel() -> Channel | None:
    """Adds a way by which messages reach people; None where it is not configured."""
    return Matrix01NotifyChannel()
