"""Rules that a tool of the vendor's own machine judges: their tests, ruff, pyright."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson

from xianban_sdk.plugins.complaints import Complaint
from xianban_sdk.plugins.conformance.scale import Finding
from xianban_sdk.plugins.conformance.source import PluginSource
from xianban_sdk.plugins.conformance.trial import Trial
from xianban_sdk.plugins.domains import CARRIED

__all__ = ["run_tools"]

_SECONDS: Final = 300
# Warnings of other people's packages are not the plugin's.
_PYTEST: Final = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:pytest_nameko")


def run_tools(source: PluginSource) -> Trial:
    """Runs each tool that is there; the plugin's own code runs here, as its author's."""
    findings: list[Finding] = []
    not_judged: dict[str, str] = {}
    for rule, tool, command in (
        ("tests-pass", "pytest", _PYTEST),
        ("lint", "ruff", ("ruff", "check", "--no-cache", "src")),
    ):
        if find_spec(tool) is None or (rule == "tests-pass" and not _has_tests(source)):
            not_judged[rule] = "unjudged-no-tool"
        else:
            findings += _judge(rule, source.folder, command)
    if find_spec("pyright") is None:
        not_judged["strict-types"] = "unjudged-no-tool"
    else:
        findings += _types(source)
    return Trial(findings, not_judged)


def _has_tests(source: PluginSource) -> bool:
    return any(source.folder.glob("tests/test_*.py"))


def _judge(rule: str, folder: Path, command: Sequence[str]) -> list[Finding]:
    try:
        done = subprocess.run(  # noqa: S603 - the vendor's own tools on the vendor's own files
            [sys.executable, "-m", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return [_found(rule, command[0], f"{_SECONDS} s")]
    lines = (done.stdout or done.stderr).strip().splitlines()
    return [] if done.returncode == 0 else [_found(rule, command[0], " / ".join(lines[-3:])[:400])]


def _types(source: PluginSource) -> list[Finding]:
    """Strict types, with the hookspecs where no service is installed."""
    settings: dict[str, Any] = {
        "include": [str(source.package.absolute())],
        "extraPaths": [str(source.package.parent.absolute()), str(CARRIED)],
        "typeCheckingMode": "strict",
        "reportMissingTypeStubs": False,
        "reportUnknownMemberType": False,
    }
    with tempfile.TemporaryDirectory(prefix="xianban-check-") as folder:
        file = Path(folder, "pyrightconfig.json")
        file.write_bytes(orjson.dumps(settings))
        command = ("pyright", "--pythonpath", sys.executable, "-p", str(file))
        return _judge("strict-types", source.folder, command)


def _found(rule: str, tool: str, why: str) -> Finding:
    return Finding(rule, tool, Complaint("", "found-by-tool", {"why": why}))
