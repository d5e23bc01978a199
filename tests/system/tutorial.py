"""Follows docs/tutorial/plugin.md word by word: every file written, every command run, in order."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from suite import ROOT

TUTORIAL = ROOT / "docs/tutorial/plugin.md"
BLOCK = re.compile(r"^```(sh|python)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 90.0


def blocks(first: int = 1, last: int = 9) -> list[tuple[str, str, str]]:
    """(kind, note, text) of steps; without what only who has no clone types."""
    parts = re.split(r"^## (\d+)\. ", TUTORIAL.read_text("utf-8"), flags=re.MULTILINE)
    steps = zip(map(int, parts[1::2]), parts[2::2], strict=True)
    found = (
        block for number, text in steps if first <= number <= last for block in BLOCK.findall(text)
    )
    return [block for block in found if not block[1].startswith("release")]


def without_a_clone(note: str) -> list[tuple[str, str, str]]:
    """What is typed instead of the first step: "release-sdk" or "release-suite"."""
    return [block for block in BLOCK.findall(TUTORIAL.read_text("utf-8")) if block[1] == note]


class Reader:
    """Somebody who types what is written."""

    def __init__(
        self,
        folder: Path,
        surroundings: dict[str, str],
        url: str = "http://127.0.0.1:8080",
        instead: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._instead = {"http://127.0.0.1:8080": url, **(instead or {})}
        self._surroundings = surroundings | {"LC_ALL": "C.UTF-8"}
        self._typed = ""

    def follow(self, written: Iterable[tuple[str, str, str]]) -> str:
        """Does all of it; what it was told."""
        return "".join(self._do(kind, note, text) for kind, note, text in written)

    def _do(self, kind: str, note: str, text: str) -> str:
        if kind == "python":
            (self.folder / note).write_text(text, "utf-8")
            return ""
        done = (self._type_until_it_holds if note == "until" else self._type)(text)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _type(self, command: str) -> subprocess.CompletedProcess[str]:
        """In one shell: what was exported or set before still holds."""
        settings = [line for line in self._typed.splitlines() if re.match(r"export |\w+=", line)]
        for written, typed in self._instead.items():
            command = command.replace(written, typed)
        self._typed += command
        script = "\n".join(["set -e", *settings, command])
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._surroundings,
            capture_output=True,
            text=True,
            timeout=1200,
        )

    def _type_until_it_holds(self, command: str) -> subprocess.CompletedProcess[str]:
        end = time.monotonic() + PATIENCE
        while (done := self._type(command)).returncode and time.monotonic() < end:
            time.sleep(1)
        return done


def check_told(told: str) -> None:
    """What the tutorial promises that its reader sees."""
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
