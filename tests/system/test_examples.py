"""The programs that the README shows do what it says."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from suite import ROOT, Suite

pytestmark = [pytest.mark.system, pytest.mark.docker]
EXAMPLES = ROOT / "examples"


def test_twenty_lines_of_grpcio_reserve_a_place(suite: Suite):
    token = suite.token("resident", "parking")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "reserve.py", suite.address, token],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "RESERVATION_STATE_CONFIRMED" in done.stdout


def test_curl_reserves_a_place(suite: Suite):
    token = suite.token("resident", "parking")
    done = subprocess.run(
        ["sh", EXAMPLES / "reserve.sh", suite.url, token],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "RESERVATION_STATE_CONFIRMED"


@pytest.mark.parametrize("name", ["reserve.py", "reserve.sh"])
def test_the_readme_shows_the_examples_as_they_run(name):
    shown = (ROOT / "README.md").read_text("utf-8")
    assert (EXAMPLES / name).read_text("utf-8").strip() in shown
