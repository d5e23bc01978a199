from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from wire import Wire
from xianban_sdk.app import installed_services
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.testing import START, RelationsWorld, ServiceUnderTest, TestIssuer, settings_for


@pytest.fixture(scope="session", autouse=True)
def stores(request: pytest.FixtureRequest) -> None:
    """With XIANBAN_TEST_TARGET=docker: PostgreSQL and RabbitMQ of compose.yaml, in containers."""
    if os.environ.get("XIANBAN_TEST_TARGET") != "docker":
        return
    site = request.getfixturevalue("site")
    ports = request.getfixturevalue("docker_services").port_for
    for name, secret, host, port in (
        ("DATABASE", "database.url", "postgres", 5432),
        ("BROKER", "broker.url", "rabbitmq", 5672),
    ):
        url = site.secret(secret).replace(f"{host}:{port}", f"127.0.0.1:{ports(host, port)}")
        os.environ[f"XIANBAN_TEST_{name}"] = url
    os.environ["XIANBAN_TEST_TARGET"] = "backends"


@pytest.fixture(scope="module", params=installed_services(), ids=lambda app: app.name)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceUnderTest]:
    """Each installed service in turn, with the demo's things; a new one needs no edit.

    One start serves a whole module: seeding a district takes longer than all the calls.
    """
    clock = ManualClock(START)
    app: Any = request.param
    made = ServiceUnderTest(
        app,
        settings_for(tmp_path_factory.mktemp(app.name), demo=True),
        clock=clock,
        ids=SeededIds(1, clock),
        issuer=TestIssuer(clock),
        world=RelationsWorld(clock),
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.settings.run, ignore_errors=True)


@pytest.fixture
def wire(service: ServiceUnderTest) -> Iterator[Wire]:
    """Raw calls to it."""
    made = Wire(service)
    yield made
    made.close()
