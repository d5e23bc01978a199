"""Sends the signed callbacks until parking has taken each, also after a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import httpx
from xianban_sdk.clock import Clock, SystemClock
from xianban_sdk.signatures import HEADER, sign

from xianban_plugin_parking_sandbox_pay.store import Delivery, Store

__all__ = ["Courier"]

_log = logging.getLogger(__name__)

# How late a delayed callback may be noticed; a new one wakes the courier at once.
PAUSE: Final = 0.5


class Courier:
    """One thread that works through the due callbacks."""

    def __init__(
        self,
        store: Store,
        secret: bytes,
        clock: Clock | None = None,
        client: httpx.Client | None = None,
        reach: Callable[[str], str] = str,
    ) -> None:
        """`reach`: the address by which this process gets to a public one."""
        self._store = store
        self._reach = reach
        self._secret = secret
        self._clock = clock or SystemClock()
        self._client = client or httpx.Client(timeout=10, trust_env=False)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-pay-courier", daemon=True)

    def start(self) -> None:
        """Begins; what was left over goes first."""
        self._thread.start()

    def wake(self) -> None:
        """Something new is due."""
        self._wake.set()

    def stop(self) -> None:
        """Ends after the callback on its way; the rest waits in the store."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.close()

    def round(self) -> int:
        """Sends what is due; tells how many were taken."""
        return sum(self._send(delivery) for delivery in self._store.due(self._clock.now()))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.round()
            except Exception:
                # The thread must outlive one bad round: the callbacks are still in the store.
                _log.exception("sandbox-pay: a round of callbacks failed")
            self._wake.wait(PAUSE)
            self._wake.clear()

    def _send(self, delivery: Delivery) -> bool:
        now = self._clock.now()
        headers = {
            HEADER: sign(self._secret, delivery.body, now),
            "content-type": "application/json",
        }
        try:
            url = self._reach(delivery.url)
            answer = self._client.post(url, content=delivery.body, headers=headers)
        except httpx.HTTPError as error:
            self._store.failed(delivery, type(error).__name__, now)
            return False
        if not answer.is_success:
            self._store.failed(delivery, f"HTTP {answer.status_code}", now)
            return False
        self._store.sent(delivery, now)
        return True
