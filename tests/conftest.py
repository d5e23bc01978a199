"""The suite in containers, for tests run with XIANBAN_TEST_TARGET=docker (`make test-docker`).

pytest-docker brings up compose.yaml with images of this machine; for contract tests alone only
PostgreSQL and RabbitMQ, on which the services under test then run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from site_of_tests import Site
from xianban_sdk.testing.ports import free_port

ROOT = Path(__file__).parents[1]
FILES = ("compose.yaml", "compose.local.yaml", "compose.tests.yaml")
STORES = "postgres rabbitmq"


def missing() -> str:
    """Why there can be no containers here; "" when there can."""
    if shutil.which("docker") is None:
        return "no docker command"
    for words in (["info"], ["compose", "version"], ["image", "inspect", "xianban-postgres:local"]):
        done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            return f"docker {words[0]}: {done.stderr.strip().splitlines()[-1]}"
    return ""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    if reason := missing():
        pytest.skip(f"NOTHING RAN IN CONTAINERS: {reason}; run tools/docker_local.sh, make images")
    return Site(tmp_path_factory.mktemp("site"), free_port(), free_port()).make()


@pytest.fixture(scope="session")
def docker_compose_command(site: Site) -> str:
    return f"docker compose --env-file {site.env}"


@pytest.fixture(scope="session")
def docker_compose_file() -> list[str]:
    return [str(ROOT / name) for name in FILES]


@pytest.fixture(scope="session")
def docker_compose_project_name(site: Site) -> str:
    return site.project


@pytest.fixture(scope="session")
def docker_setup(request: pytest.FixtureRequest) -> list[str]:
    whole = any("suite" in getattr(item, "fixturenames", ()) for item in request.session.items)
    return [f"up -d --wait --wait-timeout 900 {'' if whole else STORES}"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return [] if os.environ.get("XIANBAN_KEEP_CONTAINERS") else ["down -v --timeout 20"]
