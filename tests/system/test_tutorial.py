"""The tutorial is followed word by word: every file written, every command run, in its order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from suite import ROOT, Suite
from tutorial import Reader, blocks, check_told

pytestmark = pytest.mark.system


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
    surroundings = {**os.environ, "CLONE": str(suite.data.parent)}
    check_told(Reader(tmp_path, surroundings, suite.url).follow(blocks()))
    assert suite.process is not None
    assert suite.process.poll() is None
