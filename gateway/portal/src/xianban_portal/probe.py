"""A kubelet shows no certificate: health alone on a port of its own, as services have it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

import grpc
from xianban_sdk.probe import probe_handler
from xianban_sdk.settings import Settings


@contextlib.asynccontextmanager
async def probed(settings: Settings) -> AsyncGenerator[None]:
    """Answers at XIANBAN_PROBE while the pages are served; without an address nothing."""
    if not settings.probe:
        yield
        return
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((probe_handler(lambda: True),))
    server.add_insecure_port(settings.probe)
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)
