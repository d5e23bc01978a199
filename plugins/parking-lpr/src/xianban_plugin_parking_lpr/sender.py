"""Plays a camera: sends one signed passage, as `xianban gate send` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

import httpx
import orjson
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.ids import UlidIds
from xianban_sdk.signatures import HEADER, sign

__all__ = ["Answer", "send"]

_OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate was told: the HTTP status and the body as sent."""

    status: int
    body: Mapping[str, Any]

    @property
    def command(self) -> str:
        """ "open", "pay" or "refuse"; empty when the message was not taken."""
        return str(self.body.get("command", ""))

    @property
    def taken(self) -> bool:
        """True when the message and its passage were accepted."""
        results = cast("list[dict[str, Any]]", self.body.get("results") or [])
        return self.status == _OK and all(result.get("accepted") for result in results)

    @property
    def reason(self) -> str:
        """Why it was not taken, as far as the gateway said."""
        results = cast("list[dict[str, Any]]", self.body.get("results") or [])
        refused = [f"{r.get('field')}: {r.get('reason')}" for r in results if not r.get("accepted")]
        return ", ".join(refused) or str(self.body.get("message", ""))


def send(
    base_url: str,
    secret: bytes,
    *,
    lot: str,
    plate: str,
    direction: Literal["in", "out"],
    token: str = "",
    gate: str = "gate-1",
    event_id: str = "",
    occurred_at: datetime | None = None,
    client: httpx.Client | None = None,
) -> Answer:
    """Sends a passage through the gateway; the same event_id again is the same passage."""
    now = datetime.now(UTC)
    message = {
        "id": event_id or UlidIds().new(),
        "lot": lot.removeprefix("lots/"),
        "gate": gate,
        "direction": direction,
        "plate": plate,
        "time": (occurred_at or now).astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
        "token": token,
    }
    body = orjson.dumps({"events": [message]})
    headers = {HEADER: sign(secret, body, now), "content-type": "application/json"}
    url = f"{base_url.rstrip('/')}/api/parking/v1/gates/lpr:receive"
    with client or httpx.Client(timeout=10, trust_env=False) as connection:
        answer = connection.post(url, content=body, headers=headers)
    return Answer(answer.status_code, _body(answer))


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        value = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    return {"message": answer.text[:500]}
