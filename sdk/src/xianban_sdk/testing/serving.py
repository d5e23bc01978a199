"""Plugins as tier 2 runs them: `xianban plugin serve` in a process of its own, for a test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import grpc

__all__ = ["begin_serving", "served", "wait_for"]

_PATIENCE: Final = 60.0


@contextmanager
def served(plugin: str, data: Path) -> Iterator[str]:
    """The address where a plugin (its id, package or folder) answers until the end."""
    with tempfile.TemporaryDirectory(prefix="xianban-served-") as folder:
        address = f"unix:{folder}/plugin.sock"
        process = begin_serving(plugin, address, {"XIANBAN_DATA": str(data)})
        try:
            wait_for(address, process)
            yield address
        finally:
            process.kill()
            process.wait()


def begin_serving(
    plugin: str, address: str, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Starts the command; ``wait_for`` says when it answers."""
    command = [sys.executable, "-m", "xianban_sdk.cli", "plugin", "serve", plugin]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--listen", address],
        env={**os.environ, **environment},
        # Beside what the test says itself: why it does not start stands in no other place.
        stdout=subprocess.DEVNULL,
    )


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when somebody listens there; RuntimeError when nobody does in time."""
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with grpc.insecure_channel(address) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=0.2)
            except grpc.FutureTimeoutError:
                continue
            return
    process.kill()
    raise RuntimeError(f"nobody answers at {address}: exit code {process.wait()}")
