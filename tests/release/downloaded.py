"""A release as a district has it, and how the tests come by one."""

from __future__ import annotations

import os
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
    surroundings = os.environ | beside_the_clone(place / "objects")
    commit = snapshot(place / "index", surroundings)
    return run(
        *(sys.executable, ROOT / "tools/release.py", "--commit", commit),
        *("--key", place / "key", "--out", place / "dist"),
        env=surroundings,
    )


def beside_the_clone(objects: Path) -> dict[str, str]:
    """What makes git write elsewhere: the clone may be read-only, or somebody at work in it."""
    objects.mkdir()
    theirs = run("git", "rev-parse", "--path-format=absolute", "--git-path", "objects")
    return {
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": theirs.strip(),
    }


def snapshot(index: Path, surroundings: dict[str, str]) -> str:
    """A commit, on no branch, of the files of the last one as they lie here."""
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "release"), ("EMAIL", "release@example.org"))
    }
    env = surroundings | who | {"GIT_INDEX_FILE": str(index)}
    run("git", "read-tree", "HEAD", env=env)
    run("git", "add", "--update", ".", env=env)
    tree = run("git", "write-tree", env=env).strip()
    return run("git", "commit-tree", "-p", "HEAD", "-m", "as it lies here", tree, env=env).strip()


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """What a command says; where it fails, that is the test's answer."""
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
