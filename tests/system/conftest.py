from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from site_of_tests import Composed, Site
from suite import Suite


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for PostgreSQL and RabbitMQ says so: such tests share them and take turns."""
    for item in items:
        if {"backends", "own_backends"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("backends")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What failed shows what its suites complained of."""
    report = yield
    if report.failed:
        for one in Suite.started:
            if one.ended > call.start and one.data.exists():
                report.sections.append((f"the suite in {one.data.name}", one.troubles()))
    return report


@pytest.fixture(scope="session")
def suite(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Suite]:
    """The suite as `make up` starts it: SQLite, in-process bus. `make test-docker`: containers."""
    if os.environ.get("XIANBAN_TEST_TARGET") == "docker":
        yield composed(request)
        return
    running = Suite(tmp_path_factory.mktemp("suite"))
    try:
        yield running.start()
    finally:
        running.stop()


def composed(request: pytest.FixtureRequest) -> Suite:
    site: Site = request.getfixturevalue("site")
    request.getfixturevalue("docker_services")
    keys = {"XIANBAN_KEYS": str(site.folder / "site/keys/parking")}
    data = site.folder / "data"
    return Composed(
        data, environment=keys, port=site.port, mqtt_port=site.mqtt_port, site=site
    ).start()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where pictures of the pages go: XIANBAN_PICTURES, else nowhere."""
    folder = os.environ.get("XIANBAN_PICTURES")
    return Path(folder) if folder else None


@pytest.fixture(scope="session")
def people(suite: Suite, chromium: object, pictures: Path | None) -> object:
    """The demo people in one browser, each logged in once."""
    from people import People

    return People(suite, chromium, pictures)


@pytest.fixture(scope="session")
def deeds(people: object) -> object:
    """The stories, each told once."""
    from deeds import Deeds

    return Deeds(people)


@pytest.fixture(scope="session")
def backends() -> tuple[str, str]:
    """URLs of a real PostgreSQL and RabbitMQ."""
    database = os.environ.get("XIANBAN_TEST_DATABASE")
    broker = os.environ.get("XIANBAN_TEST_BROKER")
    if not database or not broker:
        pytest.skip("no PostgreSQL and RabbitMQ: run `make backends` and export what it prints")
    return database, broker


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Debian's Chromium."""
    from browser import CHROMIUM
    from browser import chromium as launched

    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium: apt-get install chromium")
    with launched() as browser:
        yield browser
