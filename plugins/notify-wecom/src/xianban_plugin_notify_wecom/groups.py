"""One group chat per incident: whoever is told of an alert is in it, beside the duty's member.

The chat's id is made of the matter, so that every attempt of every recipient finds the same one.
The card to the person is the promise; the group is company, and its failure fails nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from xianban_notify.hookspecs import Attempt

__all__ = ["EXISTS", "Groups"]

# 会话ID已经存在: somebody was told before.
EXISTS: Final = 86215
_LONGEST_NAME: Final = 50

Send = Callable[[dict[str, Any], str], dict[str, Any]]


class Groups:
    """The group chats of one application; `owner` is the duty's member."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def told(self, attempt: Attempt, send: Send) -> str:
        """Brings the person in and says so there; returns what went wrong, "" when nothing did."""
        if not attempt.group or not attempt.answer_token or attempt.address == self._owner:
            return ""
        chat = _chat(attempt.group)
        code = self._joined(attempt, chat, send)
        if code:
            return f"group-{code}"
        text = {"chatid": chat, "msgtype": "text", "text": {"content": _line(attempt)}, "safe": 0}
        code = int(send(text, "appchat/send").get("errcode", 0))
        return f"group-{code}" if code else ""

    def _joined(self, attempt: Attempt, chat: str, send: Send) -> int:
        made = {
            "chatid": chat,
            "name": attempt.title[:_LONGEST_NAME],
            "owner": self._owner,
            "userlist": [self._owner, attempt.address],
        }
        code = int(send(made, "appchat/create").get("errcode", 0))
        if code != EXISTS:
            return code
        joins = {"chatid": chat, "add_user_list": [attempt.address]}
        return int(send(joins, "appchat/update").get("errcode", 0))


def _chat(group: str) -> str:
    """At most 32 letters and digits."""
    return "xb" + hashlib.sha256(group.encode()).hexdigest()[:30]


def _line(attempt: Attempt) -> str:
    """Who was told; what of stands in the group's name, and more only where one logs in."""
    told = "已通知" if attempt.locale == "zh-CN" else "Told:"
    return f"{told} {attempt.address}\n{attempt.link}"
