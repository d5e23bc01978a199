"""Runs the Node script of openid-client/ and holds its outcomes against what they must be."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "openid-client"

EXPECTED = {
    "code flow with PKCE": "{issuer} 王建国",
    "refresh rotates": "rotated",
    "replayed code": "invalid_grant",
    "wrong verifier": "invalid_grant",
    "missing PKCE": "invalid_request",
    "plain PKCE": "invalid_request",
    "wrong redirect": "page 400",
    "wrong audience": "invalid_target",
    "audience that was not granted": "invalid_target",
    "refresh reuse": "invalid_grant invalid_grant",
}


def outcomes(issuer: str, phone: str) -> dict[str, str]:
    """Each case's outcome; skips where Node or the package can't be had."""
    if shutil.which("npm") is None:
        pytest.skip("no Node: apt-get install nodejs npm")
    if not (HERE / "node_modules" / "openid-client").is_dir():
        installed = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=False)
        if installed.returncode:
            pytest.skip("npm ci could not fetch openid-client")
    done = subprocess.run(
        ["node", "check.mjs", issuer, phone],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["case"]: line["outcome"] for line in lines}


def expected(issuer: str) -> dict[str, str]:
    return {name: outcome.format(issuer=issuer) for name, outcome in EXPECTED.items()}
