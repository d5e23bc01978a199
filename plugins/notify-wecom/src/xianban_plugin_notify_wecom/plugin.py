"""Messages in 政务微信: the server API of 企业微信 at the government's own address.

Environment: XIANBAN_WECOM_URL (base address), XIANBAN_WECOM_CORP, XIANBAN_WECOM_AGENT,
XIANBAN_WECOM_SECRET. `gettoken`, then `message/send` with a text card; the API's own duplicate
check drops the same card to the same member within four hours.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict, hookimpl
from xianban_sdk import demo_outbox
from xianban_sdk.settings import Settings

__all__ = ["Api", "WecomChannel", "register_channel"]

_SECONDS: Final = 5.0
# 全局错误码: the token is not (any more) valid.
_TOKEN_OVER: Final = frozenset({40014, 42001})
# System busy; interface or application called too often.
_BUSY: Final = frozenset({-1, 45009, 45033})
# The member is unknown, or all receivers are.
_NO_MEMBER: Final = frozenset({60111, 81013, 40031})
# Before its end, so that no call carries one that dies on the way.
_TOKEN_MARGIN: Final = 60.0
_DUPLICATE_SECONDS: Final = 4 * 3600
_LONGEST_TITLE: Final = 128
_LONGEST_TEXT: Final = 512


class TokenRefusedError(Exception):
    """No token was given; the code says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Api:
    """The two calls that a message needs."""

    def __init__(self, base: str, corp: str, agent: int, secret: str) -> None:
        self._base = base.rstrip("/")
        self._corp = corp
        self.agent = agent
        self._secret = secret
        self._token = ""
        self._until = 0.0
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer; with a fresh token once more when the one we had was refused."""
        answer = self._send(message, self._current())
        if answer.get("errcode") in _TOKEN_OVER:
            self._until = 0.0
            answer = self._send(message, self._current())
        return answer

    def _send(self, message: dict[str, Any], token: str) -> dict[str, Any]:
        address = f"{self._base}/cgi-bin/message/send"
        found = httpx.post(address, params={"access_token": token}, json=message, timeout=_SECONDS)
        found.raise_for_status()
        return found.json()

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        asked = {"corpid": self._corp, "corpsecret": self._secret}
        answer = httpx.get(f"{self._base}/cgi-bin/gettoken", params=asked, timeout=_SECONDS)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        if told.get("errcode", 0) != 0:
            raise TokenRefusedError(int(told["errcode"]))
        self._token = str(told["access_token"])
        self._until = time.monotonic() + float(told["expires_in"]) - _TOKEN_MARGIN


class WecomChannel:
    """One card per attempt."""

    id = "wecom"
    names: Mapping[str, str] = {"zh-CN": "政务微信", "en": "Government WeChat"}
    needs = "wecom"
    takes_idempotency_key = True
    urgent_only = False
    carries_codes = True
    browser_key = ""

    def __init__(self, api: Api | None, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def deliver(self, attempt: Attempt) -> Outcome:
        """Sent when the API took it for this member."""
        card = _card(attempt)
        if self._api is None:
            demo_outbox.put(self._settings, self.id, {"id": attempt.key, **card})
            return Outcome(Verdict.SENT, demo_outbox.REASON)
        try:
            answer = self._api.send({**card, "agentid": self._api.agent})
        except TokenRefusedError as error:
            busy = error.code in _BUSY
            return Outcome(Verdict.FAILED, "busy" if busy else f"token-{error.code}")
        except (httpx.HTTPError, ValueError, KeyError):
            return Outcome(Verdict.FAILED, "api-unreachable")
        return _outcome(answer, attempt.address)


def _card(attempt: Attempt) -> dict[str, Any]:
    """Every attempt makes the same card, and every message another one: its link differs."""
    card: dict[str, Any] = {
        "touser": attempt.address,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": _DUPLICATE_SECONDS,
    }
    if not attempt.link:
        text = f"{attempt.title}\n{attempt.body}"
        return {**card, "msgtype": "text", "text": {"content": text[:_LONGEST_TEXT]}}
    shown = {
        "title": attempt.title[:_LONGEST_TITLE],
        "description": attempt.body[:_LONGEST_TEXT],
        "url": attempt.link,
        "btntxt": "查看" if attempt.locale == "zh-CN" else "Open",
    }
    return {**card, "msgtype": "textcard", "textcard": shown}


def _outcome(answer: dict[str, Any], member: str) -> Outcome:
    code = int(answer.get("errcode", 0))
    if code in _BUSY:
        return Outcome(Verdict.FAILED, "busy")
    if code in _TOKEN_OVER:
        return Outcome(Verdict.FAILED, f"token-{code}")
    unknown = str(answer.get("invaliduser", "")).split("|")
    if code in _NO_MEMBER or member in unknown:
        return Outcome(Verdict.BOUNCED, "member-unknown")
    if code != 0:
        return Outcome(Verdict.REFUSED, f"wecom-{code}")
    return Outcome(Verdict.SENT, reference=str(answer.get("msgid", ""))[:128])


@hookimpl
def register_channel() -> Channel | None:
    """As the environment says; in a demo district without an address, the demo's outbox."""
    settings, base = Settings.load(), os.environ.get("XIANBAN_WECOM_URL", "")
    if not base and not settings.demo:
        return None
    return WecomChannel(_api(base) if base else None, settings)


def _api(base: str) -> Api:
    return Api(
        base,
        os.environ["XIANBAN_WECOM_CORP"],
        int(os.environ["XIANBAN_WECOM_AGENT"]),
        os.environ["XIANBAN_WECOM_SECRET"],
    )
