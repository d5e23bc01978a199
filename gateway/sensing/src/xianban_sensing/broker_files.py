"""The broker's users and their topics, as files in Mosquitto's own form.

The embedded broker reads the same files. Mosquitto reads them again on SIGHUP; where it runs on
this machine, its pid file lies beside them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

from xianban_sensing.secret_hashes import sealed

__all__ = ["ACL", "PASSWORDS", "UPLINK_USER", "BrokerFiles"]

PASSWORDS: Final = "passwords"
ACL: Final = "acl"
_PID: Final = "mosquitto.pid"
UPLINK_USER: Final = "xianban-uplink"
# A device speaks on its own topic and hears its own words, nothing else.
_TOPICS: Final = f"""user {UPLINK_USER}
topic read xianban/v1/devices/+/up
topic write xianban/v1/devices/+/down

pattern write xianban/v1/devices/%u/up
pattern read xianban/v1/devices/%u/down
"""


class BrokerFiles:
    """Written whole and renamed: a broker never reads half a file."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.secret = installed_secret("mqtt-uplink", settings).hex()
        self._own = f"{UPLINK_USER}:{sealed(self.secret)}\n"
        self._write(ACL, _TOPICS)
        if not (folder / PASSWORDS).exists():
            self._write(PASSWORDS, self._own)

    def write(self, bindings: Iterable[pb.Binding]) -> None:
        """Every device that may log in; a disabled one is refused from now on."""
        devices = (f"{one.device}:{one.secret_hash}\n" for one in bindings if one.active)
        self._write(PASSWORDS, self._own + "".join(devices))
        self._tell_mosquitto()

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.replace(path)

    def _tell_mosquitto(self) -> None:
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            os.kill(int((self._folder / _PID).read_text("utf-8")), signal.SIGHUP)
