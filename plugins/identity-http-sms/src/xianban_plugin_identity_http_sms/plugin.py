"""One JSON POST per message, signed with the installation's secret.

Environment: XIANBAN_SMS_URL (the gateway's address), XIANBAN_SMS_SIGNATURE (the 签名 in front of
the text), XIANBAN_SECRET_IDENTITY_HTTP_SMS (shared with the gateway). The gateway answers 2xx with
`{"accepted": true}`; anything else counts as not sent.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import httpx
from xianban_identity.hookspecs import CodeMessage, CodeSender, Delivery, hookimpl
from xianban_sdk.signatures import HEADER, installed_secret, sign
from xianban_sdk.trust import authorities

__all__ = ["SmsSender", "register_code_sender"]

_TEXTS = {
    "zh-CN": "【{name}】验证码 {code}，{minutes} 分钟内有效。请勿告诉他人。",
    "en": "[{name}] Your code is {code}, valid for {minutes} minutes. Never share it.",
}
_SECONDS = 3.0


class SmsSender:
    """Sends through the gateway; a message it did not accept was not sent."""

    id = "http-sms"
    demo_only = False

    def __init__(self, url: str, name: str, secret: bytes) -> None:
        self._url = url
        self._name = name
        self._secret = secret

    def send(self, message: CodeMessage) -> Delivery:
        """Raises when the gateway can't be reached or says no."""
        if not self._url:
            raise RuntimeError("XIANBAN_SMS_URL is not set: no code can be sent")
        body = self._body(message)
        headers = {
            "content-type": "application/json",
            HEADER: sign(self._secret, body, datetime.now(UTC)),
        }
        answer = httpx.post(
            self._url, content=body, headers=headers, timeout=_SECONDS, verify=authorities()
        )
        answer.raise_for_status()
        return Delivery(accepted=answer.json().get("accepted") is True)

    def _body(self, message: CodeMessage) -> bytes:
        text = _TEXTS.get(message.locale, _TEXTS["zh-CN"]).format(
            name=self._name, code=message.code, minutes=message.minutes
        )
        sent = {"to": f"+86{message.phone}", "text": text, "kind": "login-code"}
        return json.dumps(sent, ensure_ascii=False).encode()


@hookimpl
def register_code_sender() -> CodeSender:
    """The sender, as the environment says; a missing address shows when the first code is sent."""
    return SmsSender(
        os.environ.get("XIANBAN_SMS_URL", ""),
        os.environ.get("XIANBAN_SMS_SIGNATURE", "贤办"),
        installed_secret("identity-http-sms"),
    )
