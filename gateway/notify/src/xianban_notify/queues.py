"""The two queues between notify and its delivery worker."""

from typing import Final

from xianban_sdk.messaging.work_queue import WorkQueue

__all__ = ["ATTEMPTS", "OUTCOMES"]

ATTEMPTS: Final = WorkQueue("xianban-notify", "delivery_requested", "notify-attempts")
OUTCOMES: Final = WorkQueue("xianban-notify-worker", "delivery_attempted", "notify-outcomes")
