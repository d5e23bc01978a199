"""The tutorial without a clone: the SDK's wheel, and for the rest a suite of wheels."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from downloaded import ROOT
from suite import Suite
from tutorial import Reader, blocks, check_told, without_a_clone
from xianban_sdk.testing.ports import free_port

pytestmark = [pytest.mark.system, pytest.mark.timeout(3600)]

# What pip does with these wheels uv does in a tenth of the time.
UV = ROOT / ".venv-uv/bin/uv"
INSTEAD = {
    "python3 -m venv ": f"{UV} venv --quiet --python python3 ",
    "acme/bin/pip install": f"{UV} pip install --python acme/bin/python",
    "suite/bin/pip install": f"{UV} pip install --python suite/bin/python",
}

# Where the hookspecs come from, and whether anything of the clone is seen.
ASKED = """
import sys
from importlib.util import find_spec
from xianban_sdk.plugins.domains import offer_carried
offer_carried()
print(find_spec("xianban_parking.hookspecs").origin)
print(find_spec("xianban_parking.app"))
print([one for one in sys.path if one.startswith(sys.argv[1])])
"""


@pytest.fixture
def vendor(tmp_path: Path, elsewhere: dict[str, str]) -> Reader:
    """In an empty folder, with an environment that holds the SDK and its checks' tools."""
    reader = Reader(tmp_path, elsewhere, instead=INSTEAD)
    reader.follow(without_a_clone("release-sdk"))
    return reader


def test_the_tutorial_holds_without_a_clone(
    vendor: Reader, tmp_path: Path, elsewhere: dict[str, str]
):
    asked = subprocess.run(
        [tmp_path / "acme/bin/python", "-c", ASKED, str(ROOT)],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    carried, service, seen = asked.stdout.splitlines()
    assert str(tmp_path / "acme") in carried
    assert "xianban_sdk/plugins/carried/xianban_parking" in carried
    assert (service, seen) == ("None", "[]")
    told = vendor.follow(blocks(2, 6))

    operator = Reader(tmp_path, elsewhere, instead=INSTEAD)
    operator.follow(without_a_clone("release-suite"))
    program = tmp_path / "suite/bin/xianban"
    suite = Suite(tmp_path / "data", program=program, environment=elsewhere)
    try:
        operator = Reader(tmp_path, elsewhere, suite.start().url)
        settings = f"export PATH={program.parent}:$PATH XIANBAN_DATA={suite.data}\n"
        told += operator.follow([("sh", "", settings), *blocks(7, 8)])
    finally:
        suite.stop()
    check_told(told)
    runs_in_dev(program, tmp_path / "acme-counts", tmp_path / "shown", elsewhere)


def runs_in_dev(program: Path, plugin: Path, shown: Path, surroundings: dict[str, str]) -> None:
    """`xianban plugin dev` in the suite of wheels shows a call of the plugin."""
    listen = f"127.0.0.1:{free_port()}"
    with shown.open("wb") as out:
        process = subprocess.Popen(
            [program, "plugin", "dev", plugin, "--port", str(free_port())],
            env=surroundings | {"LC_ALL": "C.UTF-8", "XIANBAN_MQTT_LISTEN": listen},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + 300
        while "register_feed.read(" not in (told := shown.read_text("utf-8")):
            assert time.monotonic() < end, told[-3000:]
            assert process.poll() is None, told[-3000:]
            time.sleep(0.5)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 0


def test_dev_without_a_suite_says_what_is_missing(
    vendor: Reader, tmp_path: Path, elsewhere: dict[str, str]
):
    vendor.follow(block for block in blocks(2, 2) if "plugin new" in block[2])
    done = subprocess.run(
        [tmp_path / "acme/bin/xianban", "plugin", "dev", "acme-counts"],
        cwd=tmp_path,
        env=elsewhere | {"LC_ALL": "C.UTF-8", "COLUMNS": os.environ.get("COLUMNS", "200")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "parking" in done.stdout + done.stderr
