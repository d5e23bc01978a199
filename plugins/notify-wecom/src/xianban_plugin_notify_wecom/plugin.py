"""Messages in 政务微信: the server API of 企业微信 at the government's own address.

Environment: XIANBAN_WECOM_URL (base address), XIANBAN_WECOM_CORP, XIANBAN_WECOM_AGENT,
XIANBAN_WECOM_SECRET. `gettoken`, then `message/send` with a text card; the API's own duplicate
check drops the same card to the same member within four hours. With XIANBAN_WECOM_TOKEN and
XIANBAN_WECOM_AES_KEY (the application's callback settings) an alert is a card with a button; who
presses it has the alert, and the button then says so. With XIANBAN_WECOM_GROUP_OWNER (the duty's
member) whoever is told of an alert is in one group chat per incident.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import httpx
from xianban_notify.hookspecs import (
    Answered,
    Attempt,
    Channel,
    Echo,
    Outcome,
    Verdict,
    hookimpl,
)
from xianban_sdk import demo_outbox
from xianban_sdk.settings import Settings
from xianban_sdk.trust import authorities

from xianban_plugin_notify_wecom.callbacks import Seal, read_callback
from xianban_plugin_notify_wecom.groups import Groups

__all__ = ["Api", "WecomChannel", "register_channel"]

_SECONDS: Final = 5.0
_AES_KEY: Final = "XIANBAN_WECOM_AES_KEY"
_SEND: Final = "message/send"
_UPDATE: Final = "message/update_template_card"
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
# Of a template card: a title, the line below it, a button.
_CARD_TITLE: Final = 26
_CARD_TEXT: Final = 112
_BUTTON: Final = 10


class TokenRefusedError(Exception):
    """No token was given; the code says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Api:
    """The calls that messages need."""

    def __init__(self, base: str, corp: str, agent: int, secret: str) -> None:
        self._base = base.rstrip("/")
        self._corp = corp
        self.agent = agent
        self._secret = secret
        self._token = ""
        self._until = 0.0
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any], call: str = _SEND) -> dict[str, Any]:
        """The answer; with a fresh token once more when the one we had was refused."""
        answer = self._send(message, call, self._current())
        if answer.get("errcode") in _TOKEN_OVER:
            self._until = 0.0
            answer = self._send(message, call, self._current())
        return answer

    def _send(self, message: dict[str, Any], call: str, token: str) -> dict[str, Any]:
        address = f"{self._base}/cgi-bin/{call}"
        asked = {"access_token": token}
        found = httpx.post(
            address, params=asked, json=message, timeout=_SECONDS, verify=authorities()
        )
        found.raise_for_status()
        return found.json()

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        asked = {"corpid": self._corp, "corpsecret": self._secret}
        address = f"{self._base}/cgi-bin/gettoken"
        answer = httpx.get(address, params=asked, timeout=_SECONDS, verify=authorities())
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

    def __init__(
        self,
        api: Api | None,
        settings: Settings,
        seal: Seal | None = None,
        groups: Groups | None = None,
    ) -> None:
        self._api = api
        self._seal = seal
        self._groups = groups
        self._settings = settings

    def deliver(self, attempt: Attempt) -> Outcome:
        """Sent when the API took it for this member."""
        card = _card(attempt, buttons=self._seal is not None)
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
        outcome = _outcome(answer, attempt.address)
        if outcome.verdict is Verdict.SENT and self._groups is not None:
            return replace(outcome, reason=self._joined(self._groups, attempt, self._api))
        return outcome

    @staticmethod
    def _joined(groups: Groups, attempt: Attempt, api: Api) -> str:
        """The person has got the card: a group that fails does not send it once more."""
        try:
            return groups.told(attempt, api.send)
        except (TokenRefusedError, httpx.HTTPError, ValueError, KeyError):
            return "group-unreachable"

    def answer(self, query: Mapping[str, str], body: bytes, now: datetime) -> Answered | Echo:
        """Reads a callback: a pressed button, or the trial of the address."""
        if self._seal is None:
            raise PermissionError("no callback is configured")
        told = read_callback(self._seal, query, body, now)
        if isinstance(told, str):
            return Echo(told)
        return Answered(told.key, told.member, told.response_code)

    def show(self, answered: Answered, words: str) -> Outcome:
        """The button says what became of it. The code holds once, for 72 hours."""
        if self._api is None:
            return Outcome(Verdict.SENT)
        update = {
            "userids": [answered.address],
            "agentid": self._api.agent,
            "response_code": answered.handle,
            "button": {"replace_name": words[:_BUTTON]},
        }
        try:
            found = self._api.send(update, _UPDATE)
        except (TokenRefusedError, httpx.HTTPError, ValueError, KeyError):
            return Outcome(Verdict.FAILED, "api-unreachable")
        return _outcome(found, answered.address)


def _button_card(attempt: Attempt) -> dict[str, Any]:
    chinese = attempt.locale == "zh-CN"
    return {
        "card_type": "button_interaction",
        "main_title": {"title": attempt.title[:_CARD_TITLE]},
        "sub_title_text": attempt.body[:_CARD_TEXT],
        "card_action": {"type": 1, "url": attempt.link},
        "task_id": attempt.key,
        "button_list": [
            {
                "text": "我来处理" if chinese else "I see to it",
                "style": 1,
                "key": attempt.answer_token,
            }
        ],
    }


def _card(attempt: Attempt, *, buttons: bool) -> dict[str, Any]:
    """Every attempt makes the same card, and every message another one: its link differs."""
    card: dict[str, Any] = {
        "touser": attempt.address,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": _DUPLICATE_SECONDS,
    }
    if not attempt.link:
        text = f"{attempt.title}\n{attempt.body}"
        return {**card, "msgtype": "text", "text": {"content": text[:_LONGEST_TEXT]}}
    if buttons and attempt.answer_token:
        return {**card, "msgtype": "template_card", "template_card": _button_card(attempt)}
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
    return WecomChannel(_api(base) if base else None, settings, _seal(), _groups())


def _seal() -> Seal | None:
    token, key = os.environ.get("XIANBAN_WECOM_TOKEN", ""), os.environ.get(_AES_KEY, "")
    return Seal(token, key, os.environ.get("XIANBAN_WECOM_CORP", "")) if token and key else None


def _groups() -> Groups | None:
    owner = os.environ.get("XIANBAN_WECOM_GROUP_OWNER", "")
    return Groups(owner) if owner else None


def _api(base: str) -> Api:
    return Api(
        base,
        os.environ["XIANBAN_WECOM_CORP"],
        int(os.environ["XIANBAN_WECOM_AGENT"]),
        os.environ["XIANBAN_WECOM_SECRET"],
    )
