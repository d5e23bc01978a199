"""A release as a district has it, and how the tests come by one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from xianban_sdk.plugins import registry

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Released:
    """What a district would download, and the key whose owner made it."""

    folder: Path
    key: Path
    told: str

    @property
    def version(self) -> str:
        return (ROOT / "VERSION").read_text("utf-8").strip()

    @property
    def public(self) -> str:
        return registry.public_text(registry.read_key(self.key))


def make(place: Path) -> str:
    """Of the working tree: a test that needs a commit first would come too late."""
    subprocess.run([ROOT / "tools/chart_tools.sh"], check=True)
    registry.make_key(place / "key")
    command = [
        *(sys.executable, ROOT / "tools/release.py", "--commit", changed() or "HEAD"),
        *("--key", place / "key", "--out", place / "dist"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed() -> str:
    """A commit of what is changed here, on no branch; "" where nothing is."""
    who = ("-c", "user.name=release", "-c", "user.email=release@example.org")
    done = subprocess.run(
        ["git", *who, "stash", "create"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
