"""`xianban units`: systemd starts two of every process from what it writes."""

from __future__ import annotations

import re
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xianban_sdk.app import installed_services
from xianban_sdk.cli.commands import command_line

ADDRESS = re.compile(r"127\.0\.0\.1:\d+")


def written(folder: Path) -> dict[str, dict[str, str]]:
    """Unit → its variables."""
    done = CliRunner().invoke(command_line(), ["units", str(folder), "--port", "20000"])
    assert done.exit_code == 0, done.output
    return {file.stem: variables(file) for file in folder.glob("*.env")}


def variables(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())


def test_every_process_has_its_unit_and_each_service_two(tmp_path: Path) -> None:
    asked = {one["ARGUMENTS"] for name, one in written(tmp_path).items() if name != "common"}
    names = [service.name for service in installed_services(None)]
    assert {f"serve {name}" for name in names} <= asked
    processes = entry_points(group="xianban.processes")
    assert {f"process {point.name}" for point in processes} <= asked
    made = Counter(one.get("ARGUMENTS") for one in written(tmp_path).values())
    assert all(made[f"serve {name}"] == 2 for name in names)


def test_no_two_listen_at_one_address_and_everybody_knows_them_all(tmp_path: Path) -> None:
    found = written(tmp_path)
    common = found.pop("common")
    listens = [
        at
        for one in found.values()
        for name, at in one.items()
        if name.endswith("_LISTEN") or name == "XIANBAN_PROBE"
    ]
    assert len(listens) == len(set(listens))
    told = [at for name, both in common.items() if name.endswith("_ADDR") for at in both.split(",")]
    assert set(told) <= set(listens)
    assert len(told) == sum(name.endswith("_LISTEN") for one in found.values() for name in one)
    assert all(ADDRESS.fullmatch(at) for at in listens)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(command_line(), ["units", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "none" in done.output


@pytest.mark.parametrize("port", ["80", "x", "70000"])
def test_a_port_that_cannot_be_is_refused(tmp_path: Path, port: str) -> None:
    done = CliRunner().invoke(command_line(), ["units", str(tmp_path), "--port", port])
    assert done.exit_code == 2
    assert "--port" in done.output
    assert not any(tmp_path.iterdir())
