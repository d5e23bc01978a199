"""The edge as the supervisor runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from xianban_edge.process import edge_settings
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port


def test_the_environment_says_where_and_how_much(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, issuer="https://xianban.example/", trace_sample=0.1)
    environ = {
        "XIANBAN_EDGE_LISTEN": "0.0.0.0:8443",
        "XIANBAN_EDGE_ORIGINS": "https://a.example, https://b.example",
        "XIANBAN_EDGE_BODY_BYTES": "1000",
        "XIANBAN_EDGE_TRUSTED_HOPS": "1",
    }
    made = edge_settings(settings, environ)
    assert (made.bind.host, made.bind.port) == ("0.0.0.0", 8443)
    assert made.public_url == "https://xianban.example"
    assert made.origins == ("https://a.example", "https://b.example")
    assert (made.limits.body_bytes, made.trusted_hops) == (1000, 1)
    assert made.trace_percent == pytest.approx(10)


def test_it_starts_alone_takes_a_hangup_and_stops_clean() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="xp") as data:
        environ = {
            **os.environ,
            "XIANBAN_DATA": data,
            "XIANBAN_EDGE_LISTEN": f"127.0.0.1:{port}",
        }
        command = [sys.executable, "-m", "xianban_sdk.cli", "process", "edge"]
        with subprocess.Popen(command, env=environ) as process:
            assert _status(port) == 404
            process.send_signal(signal.SIGHUP)
            assert _status(port) == 404
            process.terminate()
            assert process.wait(timeout=15) == 0
        assert not (Path(data) / "run" / "edge.pid").exists()


def _status(port: int) -> int:
    for _ in range(200):
        try:
            return httpx.get(f"http://127.0.0.1:{port}/api/nowhere", timeout=5).status_code
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("it never listened")
