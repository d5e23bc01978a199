"""The embedded broker: `xianban process mqtt`."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from amqtt.broker import Broker
from xianban_sdk import telemetry
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

from xianban_sensing.broker_files import PASSWORDS, BrokerFiles

__all__ = ["main"]


def main(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT; nothing to do where a broker of its own is named."""
    telemetry.configure(settings, "mqtt")
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    folder = settings.data / "mqtt"
    BrokerFiles(folder, settings)
    broker = Broker(_config(settings, str(folder / PASSWORDS)))
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    await broker.start()
    log.info(
        "started", services=["mqtt"], listen=settings.mqtt_listen, tls=bool(settings.mqtt_cert)
    )
    await over.wait()
    await broker.shutdown()


def _config(settings: Settings, passwords: str) -> dict[str, Any]:
    listener = {"type": "tcp", "bind": settings.mqtt_listen, "max_connections": 2000}
    if settings.mqtt_cert:
        pair = {"certfile": settings.mqtt_cert, "keyfile": settings.mqtt_key}
        listener |= {"ssl": True, **pair}
    return {
        "listeners": {"default": listener},
        "plugins": {
            "xianban_sensing.broker.gatekeeper.Passwords": {"file": passwords},
            "xianban_sensing.broker.gatekeeper.Topics": {},
        },
    }
