"""Who may log in, and on which topics: read from the files that Mosquitto would read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from xianban_sensing.broker_files import UPLINK_USER
from xianban_sensing.convert import UPLINK, downlink_topic
from xianban_sensing.secret_hashes import matches

__all__ = ["Passwords", "Topics"]

_PREFIX, _SUFFIX = UPLINK.split("{}")
_ANY_UP: Final = UPLINK.format("+")


class Passwords(BaseAuthPlugin):
    """A device's user name is its id; the file is read again when it changes."""

    @dataclass
    class Config(BaseAuthPlugin.Config):
        file: str = ""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._read_at = 0.0
        self._known: dict[str, str] = {}

    async def authenticate(self, *, session: Session) -> bool:
        kept = self._hashes().get(session.username or "")
        return kept is not None and matches(session.password or "", kept)

    def _hashes(self) -> dict[str, str]:
        path = Path(str(self._get_config_option("file")))
        if not path.exists():
            return {}
        changed = path.stat().st_mtime
        if changed != self._read_at:
            lines = path.read_text("utf-8").splitlines()
            pairs = [line.partition(":") for line in lines]
            self._known = {user: kept for user, _, kept in pairs}
            self._read_at = changed
        return self._known


class Topics(BaseTopicPlugin):
    """The same rules as in the ACL file."""

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        user = session.username if session else None
        if not user or topic is None:
            return False
        if user == UPLINK_USER:
            return topic == _ANY_UP if action == Action.SUBSCRIBE else _is_device_topic(topic)
        own = UPLINK.format(user) if action == Action.PUBLISH else downlink_topic(user)
        return topic == own


def _is_device_topic(topic: str) -> bool:
    return topic.startswith(_PREFIX) and topic.count("/") == _ANY_UP.count("/")
