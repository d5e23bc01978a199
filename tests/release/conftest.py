"""A release of what lies here, made once for all tests, by the command that makes the real ones."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from downloaded import ROOT, Released, make


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Released:
    """Also where tests run in several processes: the first makes it, the others wait."""
    own = tmp_path_factory.getbasetemp()
    place = (own if worker_id == "master" else own.parent) / "release"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "told").exists():
            (place / "told").write_text(make(place), "utf-8")
    return Released(place / "dist", place / "key", (place / "told").read_text("utf-8"))


@pytest.fixture
def elsewhere(released: Released) -> dict[str, str]:
    """The surroundings of somebody who has the release and nothing of the clone."""
    ours = {"PYTHONPATH", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "CLONE"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    programs = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(one for one in programs if not Path(one).is_relative_to(ROOT))
    return kept | {"PATH": path, "RELEASE": str(released.folder)}
