"""Web Push: one POST to the browser's push service, readable by that browser alone.

Environment: XIANBAN_WEBPUSH_CONTACT (who push services turn to), XIANBAN_SECRET_NOTIFY_WEBPUSH.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict, hookimpl
from xianban_sdk.signatures import installed_secret
from xianban_sdk.trust import authorities

from xianban_plugin_notify_webpush.encryption import (
    LONGEST,
    encrypt,
    key_of,
    public_bytes,
    token,
    unpadded,
)

__all__ = ["WebPushChannel", "register_channel"]

_SECONDS: Final = 8.0
_TTL: Final = 24 * 3600
# RFC 8030, 5.4: a topic has at most 32 characters.
_TOPIC: Final = 32
_GONE: Final = frozenset({404, 410})


class WebPushChannel:
    """One browser per address."""

    id = "webpush"
    names: Mapping[str, str] = {"zh-CN": "浏览器通知", "en": "Browser"}
    needs = "webpush"
    # A topic replaces what still waits; what was shown already would be shown again.
    takes_idempotency_key = False
    urgent_only = False
    carries_codes = False

    def __init__(self, secret: bytes, contact: str) -> None:
        self._key = key_of(secret)
        self._contact = contact
        # The applicationServerKey of the Push API.
        self.browser_key = unpadded(public_bytes(self._key.public_key()))

    def deliver(self, attempt: Attempt) -> Outcome:
        """Sent when the push service took it."""
        try:
            address: dict[str, str] = json.loads(attempt.address)
            endpoint = address["endpoint"]
            browser, auth = _raw(address["p256dh"]), _raw(address["auth"])
            body = encrypt(_shown(attempt), browser, auth)
        except (ValueError, KeyError):
            return Outcome(Verdict.BOUNCED, "subscription-unreadable")
        try:
            answer = httpx.post(
                endpoint,
                content=body,
                headers=self._headers(endpoint, attempt),
                timeout=_SECONDS,
                verify=authorities(),
            )
        except httpx.HTTPError:
            return Outcome(Verdict.FAILED, "push-service-unreachable")
        return _outcome(answer)

    def _headers(self, endpoint: str, attempt: Attempt) -> dict[str, str]:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        return {
            "authorization": token(self._key, origin, self._contact, datetime.now(UTC)),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(_TTL),
            "urgency": "high" if attempt.urgent else "normal",
            "topic": attempt.key.replace(".", "_")[:_TOPIC],
        }


def _shown(attempt: Attempt) -> bytes:
    """What the portal's service worker reads; a long text is cut where letters end."""
    shown = {
        "tag": attempt.key,
        "title": attempt.title,
        "body": attempt.body,
        "link": attempt.link,
        "urgent": attempt.urgent,
        "lang": attempt.locale,
    }
    body = json.dumps(shown, ensure_ascii=False).encode()
    excess = len(body) - LONGEST
    if excess > 0:
        kept = attempt.body.encode()[: -excess - 8].decode(errors="ignore")
        body = json.dumps({**shown, "body": f"{kept}…"}, ensure_ascii=False).encode()
    return body[:LONGEST]


def _outcome(answer: httpx.Response) -> Outcome:
    code = answer.status_code
    if answer.is_success:
        return Outcome(Verdict.SENT, reference=answer.headers.get("location", "")[:128])
    if code in _GONE:
        return Outcome(Verdict.BOUNCED, f"http-{code}")
    if code == 429 or code >= 500:
        return Outcome(Verdict.FAILED, f"http-{code}")
    return Outcome(Verdict.REFUSED, f"http-{code}")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@hookimpl
def register_channel() -> Channel | None:
    """Always there: it needs no provider of ours."""
    contact = os.environ.get("XIANBAN_WEBPUSH_CONTACT", "mailto:operator@xianban.invalid")
    return WebPushChannel(installed_secret("notify-webpush"), contact)
