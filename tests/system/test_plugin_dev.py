"""`xianban plugin dev`: each call is shown, each change taken up, Ctrl-C ends all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from suite import XIANBAN
from xianban_sdk.testing.ports import free_port

pytestmark = pytest.mark.system
PATIENCE = 240.0


def until(words: str, shown: Path) -> str:
    end = time.monotonic() + PATIENCE
    while words not in (told := shown.read_text("utf-8")):
        assert time.monotonic() < end, told[-3000:]
        time.sleep(0.2)
    return told


def test_calls_are_shown_and_changes_taken_up_until_ctrl_c(tmp_path: Path):
    folder, shown = tmp_path / "acme-yard", tmp_path / "shown"
    chosen = ("--domain", "parking", "--hook", "register_feed", "--yes")
    subprocess.run([XIANBAN, "plugin", "new", folder, *chosen], check=True, capture_output=True)
    code = folder / "src/xianban_plugin_acme_yard/plugin.py"
    written = code.read_text("utf-8").replace("timedelta(minutes=5)", "timedelta(seconds=1)")
    code.write_text(written, "utf-8")
    port = str(free_port())
    listen = f"127.0.0.1:{free_port()}"
    with shown.open("wb") as out:
        process = subprocess.Popen(
            [XIANBAN, "plugin", "dev", folder, "--port", port],
            env={**os.environ, "LC_ALL": "C.UTF-8", "XIANBAN_MQTT_LISTEN": listen},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        assert "register_feed.read(datetime" in until("→ []", shown)
        code.write_text(written + "\ndef (\n", "utf-8")
        until("is no Python", shown)
        said = 'return iter([Rejected("yard", "free", "UNKNOWN")])'
        code.write_text(written.replace("return iter(())", said), "utf-8")
        until("Rejected(item='yard'", shown)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 0
