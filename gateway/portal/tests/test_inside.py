"""The portal over TCP: it proves itself to services and to Envoy, and asks the same of them."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import uvicorn
from grpc_health.v1 import health_pb2, health_pb2_grpc
from xianban_portal.app import _configuration
from xianban_portal.calls import PortalCaller
from xianban_portal.probe import probed
from xianban_sdk.authority import Authority
from xianban_sdk.inside import certificates, http_options, workload_name
from xianban_sdk.probe import probe_handler
from xianban_sdk.rpc.grpc_transport import server
from xianban_sdk.rpc.pool import Pool
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def own(tmp_path: Path, authority: Authority, process: str, **more: Any) -> Settings:
    folder = tmp_path / process
    folder.mkdir()
    for name, content in authority.issue(workload_name(process), timedelta(hours=1)).items():
        (folder / name).write_bytes(content)
    return Settings(data=tmp_path / "data", tls=str(folder), **more)


async def healthy(channel: grpc.aio.Channel) -> bool:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=30)
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def test_it_calls_a_service_with_its_certificate(tmp_path, authority, monkeypatch):
    address = f"127.0.0.1:{free_port()}"
    known = certificates(address, own(tmp_path, authority, "parking"))
    serving = server(
        address, Pool(2, "parking", ""), [probe_handler(lambda: True)], limit=None, known=known
    )
    serving.start()
    monkeypatch.setenv("XIANBAN_PARKING_ADDR", address)
    settings = own(tmp_path, authority, "portal")

    async def ask() -> bool:
        caller = PortalCaller(settings, None)  # type: ignore[arg-type] # health needs no token
        try:
            return await healthy(caller.channel("parking"))
        finally:
            await caller.close()

    assert asyncio.run(ask())
    serving.stop(None).wait()


@asynccontextmanager
async def serving_pages(settings: Settings):
    async def page(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})

    configuration = _configuration(page, settings)  # type: ignore[arg-type] # any ASGI app does
    configuration.lifespan = "off"
    made = uvicorn.Server(configuration)
    running = asyncio.create_task(made._serve())
    while not made.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        made.should_exit = True
        await running


def test_it_serves_pages_to_those_alone_who_show_a_certificate(tmp_path, authority, monkeypatch):
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("XIANBAN_PORTAL_LISTEN", address)
    settings = own(tmp_path, authority, "portal")
    edge = own(tmp_path, authority, "edge")

    async def story() -> None:
        async with serving_pages(settings):
            options, prepare = http_options(address, "portal", edge)

            async def named(request: httpx.Request) -> None:
                prepare(request)

            hooks = {"request": [named]}
            async with httpx.AsyncClient(event_hooks=hooks, **options) as client:
                assert (await client.get("/")).text == "page"
            believing = ssl.create_default_context(cadata=authority.certificate.decode())
            believing.check_hostname = False
            async with httpx.AsyncClient(verify=believing) as client:
                with pytest.raises(httpx.HTTPError):
                    await client.get(f"https://{address}/")

    asyncio.run(story())


def test_a_kubelet_asks_for_its_health_on_a_port_of_its_own(tmp_path):
    settings = Settings(data=tmp_path, probe=f"127.0.0.1:{free_port()}")

    async def story() -> bool:
        async with probed(settings), grpc.aio.insecure_channel(settings.probe) as channel:
            return await healthy(channel)

    assert asyncio.run(story())
