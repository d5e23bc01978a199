"""Text messages through any SMS gateway that takes a JSON POST.

Environment: XIANBAN_NOTIFY_SMS_URL (the gateway), XIANBAN_SMS_SIGNATURE (the
签名 in front of the text), XIANBAN_SECRET_NOTIFY_SMS (shared with the gateway).
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

__all__ = ["SmsChannel", "register_channel"]

_SECONDS: Final = 5.0
# Three parts of 67 characters: what every handset puts together again.
_LONGEST: Final = 201


class SmsChannel:
    """One POST per attempt; the gateway drops a second one with the same id."""

    id = "sms"
    names: Mapping[str, str] = {"zh-CN": "短信", "en": "Text message"}
    needs = "phone"
    takes_idempotency_key = True
    urgent_only = True
    carries_codes = True
    browser_key = ""

    def __init__(self, url: str, name: str, secret: bytes, settings: Settings) -> None:
        self._url = url
        self._name = name
        self._secret = secret
        self._settings = settings

    def deliver(self, attempt: Attempt) -> Outcome:
        """Sent when the gateway took it."""
        entry = self._entry(attempt)
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

    def _entry(self, attempt: Attempt) -> dict[str, str]:
        text = f"【{self._name}】{attempt.title}：{attempt.body}"
        return {
            "id": attempt.key,
            "to": f"+86{attempt.address}",
            "text": text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…",
            "kind": "urgent" if attempt.urgent else "message",
            "receipt": attempt.receipt_url,
        }


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.status_code >= 500 or answer.status_code == 429:
        return Outcome(Verdict.FAILED, f"http-{answer.status_code}")
    try:
        told: dict[str, Any] = answer.json()
    except ValueError:
        told = {}
    reference = str(told.get("id", ""))[:128]
    if answer.is_success and told.get("accepted") is True:
        return Outcome(Verdict.SENT, reference=reference)
    if told.get("reason") == "number-unknown":
        return Outcome(Verdict.BOUNCED, "number-unknown")
    return Outcome(Verdict.REFUSED, f"http-{answer.status_code}")


@hookimpl
def register_channel() -> Channel | None:
    """As the environment says; in a demo district without a gateway, the demo's outbox."""
    settings, url = Settings.load(), os.environ.get("XIANBAN_NOTIFY_SMS_URL", "")
    if not url and not settings.demo:
        return None
    name = os.environ.get("XIANBAN_SMS_SIGNATURE", "贤办")
    return SmsChannel(url, name, installed_secret("notify-sms", settings), settings)
