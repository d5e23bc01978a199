"""The provider as parking sees it: start, callback, refund."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import urlencode

import httpx
import orjson
from xianban_parking.hookspecs import CallbackOutcome, PaymentOrder, PaymentStart
from xianban_sdk.clock import Clock, SystemClock
from xianban_sdk.signatures import HEADER, sign, verify

from xianban_plugin_parking_sandbox_pay.tokens import seal_order

__all__ = ["CHECKOUT", "REFUNDS", "RefundRefused", "SandboxProvider"]

CHECKOUT: Final = "/sandbox-pay/checkout"
REFUNDS: Final = "/sandbox-pay/api/refunds"
MAX_BODY: Final = 16 * 1024
_OK: Final = 200
_STATES: Final = frozenset({"authorised", "captured", "failed", "refunded"})


class RefundRefused(RuntimeError):
    """The sandbox did not take the refund; parking tries again with the same key."""


class SandboxProvider:
    """沙箱支付: everything is signed as with a real provider, no money moves."""

    id = "sandbox"
    names: Mapping[str, str] = {
        "zh-CN": "沙箱支付（演示，不收真钱）",
        "en": "Sandbox payment (demo, no real money)",
    }

    def __init__(
        self,
        secret: bytes,
        base_url: str,
        clock: Clock | None = None,
        client: httpx.Client | None = None,
        reach: Callable[[str], str] = str,
    ) -> None:
        """`reach`: the address by which this process gets to a public one."""
        self._reach = reach
        self._secret = secret
        self._base = base_url.rstrip("/")
        self._clock = clock or SystemClock()
        self._given = client

    @cached_property
    def _client(self) -> httpx.Client:
        # With the first refund: a client reads all certificates, which no start should wait for.
        return self._given or httpx.Client(timeout=10, trust_env=False)

    def start(self, order: PaymentOrder) -> PaymentStart:
        """A link to the checkout page; the same order gives the same link."""
        token = seal_order(self._secret, order)
        url = f"{self._base}{CHECKOUT}?{urlencode({'order': token})}"
        return PaymentStart(pay_url=url, provider_reference=f"sandbox-{order.payment}")

    def callback(self, body: bytes, headers: Mapping[str, str]) -> CallbackOutcome:
        """Reads a signed callback; the signature is checked before anything else."""
        if len(body) > MAX_BODY:
            raise PermissionError("a callback is not that long")
        verify(self._secret, headers, body, self._clock.now())
        return _outcome(orjson.loads(body))

    def refund(self, payment: str, refund: str, amount_fen: int) -> None:
        """Asks the sandbox to give back; the same `refund` twice is one refund."""
        body = orjson.dumps({"payment": payment, "refund": refund, "amount_fen": amount_fen})
        headers = {
            HEADER: sign(self._secret, body, self._clock.now()),
            "content-type": "application/json",
        }
        try:
            url = self._reach(self._base + REFUNDS)
            answer = self._client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise RefundRefused(f"the sandbox is away: {type(error).__name__}") from error
        if answer.status_code != _OK:
            raise RefundRefused(f"HTTP {answer.status_code}: {answer.text[:200]}")


def _outcome(told: Any) -> CallbackOutcome:
    fields = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    if fields.get("state") not in _STATES:
        raise ValueError("state")
    return CallbackOutcome(
        callback_id=str(fields["callback_id"]),
        payment=str(fields["payment"]),
        state=fields["state"],
        amount_fen=int(fields["amount_fen"]),
        occurred_at=datetime.fromisoformat(fields["occurred_at"]),
        failure=str(fields.get("failure", "")),
    )
