"""Voice calls through any gateway that takes a JSON POST and tells later whether somebody answered.

Environment: XIANBAN_PHONE_URL (the gateway), XIANBAN_SECRET_NOTIFY_PHONE (shared with the gateway).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict, hookimpl
from xianban_sdk import demo_outbox
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, installed_secret, sign
from xianban_sdk.trust import authorities

__all__ = ["PhoneChannel", "register_channel"]

_SECONDS: Final = 5.0
_REPEAT: Final = 2


class PhoneChannel:
    """Sent when the gateway dials; delivered when its callback says that somebody answered."""

    id = "phone"
    names: Mapping[str, str] = {"zh-CN": "电话", "en": "Phone call"}
    needs = "phone"
    takes_idempotency_key = True
    urgent_only = True
    carries_codes = False
    browser_key = ""

    def __init__(self, url: str, secret: bytes, settings: Settings) -> None:
        self._url = url
        self._secret = secret
        self._settings = settings

    def deliver(self, attempt: Attempt) -> Outcome:
        """Hands the call to the gateway."""
        entry = {
            "id": attempt.key,
            "to": f"+86{attempt.address}",
            "speech": f"{attempt.title}。{attempt.body}",
            "language": attempt.locale,
            "repeat": _REPEAT,
            "acknowledge": "1",
            "callback": attempt.receipt_url,
        }
        if not self._url:
            demo_outbox.put(self._settings, self.id, entry)
            return Outcome(Verdict.SENT, demo_outbox.REASON)
        body = json.dumps(entry, ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "idempotency-key": attempt.key,
            HEADER: sign(self._secret, body, datetime.now(UTC)),
        }
        try:
            answer = httpx.post(
                self._url, content=body, headers=headers, timeout=_SECONDS, verify=authorities()
            )
        except httpx.HTTPError:
            return Outcome(Verdict.FAILED, "gateway-unreachable")
        return _outcome(answer)


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.status_code >= 500 or answer.status_code == 429:
        return Outcome(Verdict.FAILED, f"http-{answer.status_code}")
    try:
        told: dict[str, Any] = answer.json()
    except ValueError:
        told = {}
    if answer.is_success and told.get("accepted") is True:
        return Outcome(Verdict.SENT, "dialling", str(told.get("call", ""))[:128])
    if told.get("reason") == "number-unknown":
        return Outcome(Verdict.BOUNCED, "number-unknown")
    return Outcome(Verdict.REFUSED, f"http-{answer.status_code}")


@hookimpl
def register_channel() -> Channel | None:
    """As the environment says; in a demo district without a gateway, the demo's outbox."""
    settings, url = Settings.load(), os.environ.get("XIANBAN_PHONE_URL", "")
    if not url and not settings.demo:
        return None
    return PhoneChannel(url, installed_secret("notify-phone", settings), settings)
