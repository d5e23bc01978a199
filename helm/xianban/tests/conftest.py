"""Renders the chart with the real helm (tools/chart_tools.sh brings it)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml
from chart_docs import CHART, HELM, Docs


@cache
def _template(values: str, files: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    named = [word for file in files for word in ("-f", str(CHART / "ci" / file))]
    command = [str(HELM), "template", "xianban", str(CHART), "-n", "district", *named, "-f", "-"]
    return subprocess.run(command, input=values, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def render() -> Callable[..., Docs]:
    """Objects of the chart with these values over its own, and over ci files."""

    def made(values: dict[str, Any] | None = None, *files: str) -> Docs:
        done = _template(yaml.safe_dump(values or {}), files)
        assert done.returncode == 0, done.stderr
        return [doc for doc in yaml.load_all(done.stdout, yaml.CSafeLoader) if doc]

    return made


@pytest.fixture(scope="session")
def refusal() -> Callable[..., str]:
    """What helm says of values that it refuses."""

    def said(values: dict[str, Any]) -> str:
        done = _template(yaml.safe_dump(values), ())
        assert done.returncode != 0, "nothing was refused"
        return done.stderr

    return said
