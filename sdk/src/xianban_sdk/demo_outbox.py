"""Where a demo district's text messages, calls and the like end: a file that says what it is.

A channel without a provider hands its messages here in demo districts, so that what would have been
sent can be seen; nothing leaves the machine.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import orjson

from xianban_sdk.settings import Settings

__all__ = ["REASON", "put"]

# The reason that people see beside such a delivery.
REASON: Final = "demo-outbox"
_NOTE: Final = "Stand-in of a demo district: nothing was sent."
_lock = threading.Lock()


def put(settings: Settings, channel: str, entry: Mapping[str, object]) -> None:
    """Adds a line to ``<data>/outbox/<channel>.jsonl``; RuntimeError outside of demo districts."""
    if not settings.demo:
        raise RuntimeError("the demo outbox is for demo districts only")
    folder = settings.data / "outbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {"note": _NOTE, "time": datetime.now(UTC).isoformat(), **entry}
    with _lock, (folder / f"{channel}.jsonl").open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")
