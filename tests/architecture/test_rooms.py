"""Every service has the same rooms, and what is not said in them is left out, never renamed."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

CORE = {"app", "servicer", "handlers", "domain", "repository"}
ROOMS = CORE | {
    "__init__",
    "__main__",
    "settings",
    "errors",
    "convert",
    "events",
    "consumers",
    "hookspecs",
    "migrations",
    "locale",
    "web",
    "timers",
    "loops",
    "personal",
    "importer",
    "seed",
    "tables",
}
FORBIDDEN_WORDS = ("util", "helper", "manager", "base")
SERVICES = sorted(entry_points(group="xianban.services"), key=lambda point: point.name)


def folder(point) -> Path:
    spec = find_spec(point.value.split(".")[0])
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def rooms(point) -> set[str]:
    return {
        path.stem
        for path in folder(point).iterdir()
        if path.name not in {"__pycache__", "py.typed", "policy.cedar", "static"}
    }


@pytest.mark.parametrize("point", SERVICES, ids=lambda point: point.name)
def test_a_service_has_the_core_rooms(point):
    assert rooms(point) >= CORE
    assert (folder(point) / "policy.cedar").is_file()


def test_no_module_is_named_after_nothing():
    root = Path(__file__).parents[2]
    sources = [
        p
        for part in ("sdk", "services", "gateway", "plugins")
        for p in (root / part).rglob("src/**/*.py")
    ]
    assert sources
    bad = [
        p
        for p in sources
        if any(word in p.stem.split("_") for word in (*FORBIDDEN_WORDS, "utils", "helpers"))
    ]
    assert bad == []


def test_no_source_file_is_longer_than_four_hundred_lines():
    root = Path(__file__).parents[2]
    long = {
        str(path.relative_to(root)): lines
        for part in ("sdk", "services", "gateway", "plugins")
        for path in (root / part).rglob("src/**/*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_a_service_and_its_protos_share_their_name():
    protos = {path.name for path in (Path(__file__).parents[2] / "protos/xianban").iterdir()}
    assert {point.name for point in SERVICES} <= protos
