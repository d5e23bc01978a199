"""The suite in containers: every service is there, nothing may rise, no secret is in the file."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SUITE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
LOCAL: dict[str, Any] = yaml.safe_load((ROOT / "compose.local.yaml").read_text("utf-8"))
CONTAINERS: dict[str, Any] = SUITE["services"]
SERVICES = sorted(point.name for point in entry_points(group="xianban.services"))


@pytest.mark.parametrize("service", SERVICES)
def test_every_installed_service_runs_is_relayed_and_reached_through_the_edge(service):
    assert CONTAINERS[service]["command"] == ["serve", service]
    assert service in CONTAINERS["relay"]["command"]
    edge = CONTAINERS["edge"]
    assert service in edge["environment"]["XIANBAN_EDGE_SERVICES"].split(",")
    assert edge["depends_on"][service] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_no_container_may_write_to_its_root_or_gain_rights(name):
    container = CONTAINERS[name]
    assert container["read_only"]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert not container.get("privileged")
    assert container.get("user") != "root"


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_no_password_stands_in_the_file(name):
    for variable, value in CONTAINERS[name].get("environment", {}).items():
        secret = any(word in variable for word in ("PASSWORD", "SECRET", "DATABASE"))
        assert not secret or variable.endswith("_FILE"), variable
        assert "@" not in str(value), variable


def test_what_is_published_is_published_to_this_machine_alone_by_default():
    published = [port for one in CONTAINERS.values() for port in one.get("ports", ())]
    assert published
    assert all(":-127.0.0.1:" in port for port in published)


def test_images_of_this_machine_replace_all_and_are_never_pulled():
    assert LOCAL["services"].keys() == CONTAINERS.keys()
    for one in LOCAL["services"].values():
        assert one["image"].endswith(":local")
        assert one["pull_policy"] == "never"
