"""The tutorial is followed word by word: every file written, every command run, in its order."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from suite import ROOT, Suite

pytestmark = pytest.mark.system
TUTORIAL = ROOT / "docs/tutorial/plugin.md"
BLOCK = re.compile(r"^```(sh|python)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 90.0


def blocks() -> list[tuple[str, str, str]]:
    return BLOCK.findall(TUTORIAL.read_text("utf-8"))


class Reader:
    """Somebody who types what is written."""

    def __init__(self, folder: Path, clone: Path, url: str) -> None:
        self.folder = folder
        self._clone = clone
        self._url = url
        self._typed = ""

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """In one shell: what was exported or set before still holds."""
        settings = [line for line in self._typed.splitlines() if re.match(r"export |\w+=", line)]
        command = command.replace("http://127.0.0.1:8080", self._url)
        self._typed += command
        script = "\n".join(["set -e", *settings, command])
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**os.environ, "CLONE": str(self._clone), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def type_until_it_holds(self, command: str) -> subprocess.CompletedProcess[str]:
        end = time.monotonic() + PATIENCE
        while (done := self.type(command)).returncode and time.monotonic() < end:
            time.sleep(1)
        return done


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    """A district of its own, in a clone: the others' has no car park of Acme's."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / ".venv").symlink_to(ROOT / ".venv")
    running = Suite(clone / "data")
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.mark.timeout(1200)
def test_the_tutorial_does_what_it_says(suite: Suite, tmp_path: Path):
    reader, told = Reader(tmp_path, suite.data.parent, suite.url), ""
    for kind, note, text in blocks():
        if kind == "python":
            reader.write(note, text)
            continue
        done = (reader.type_until_it_holds if note == "until" else reader.type)(text)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}\n{suite.logs()}"
        told += done.stdout
    for words in (
        "acme-counts 0.1.0: Gold",
        "acme-counts 0.1.0: signed",
        "parking runs it now",
        "艾克米停车场",
        "acme-counts 0.1.0 is gone",
    ):
        assert words in told
    assert re.search(r"acme-counts\s+0\.1\.0\s+parking\s+signed\s+running", told)
    assert re.search(r"acme-counts\s+0\.1\.0\s+parking\s+revoked\s+stopped", told)
    assert suite.process is not None
    assert suite.process.poll() is None
