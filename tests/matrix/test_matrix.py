"""Plugins built with every published minor of the SDK run on this host, and on the next one."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from xianban_parking import hookspecs
from xianban_sdk.hook_versions import order
from xianban_sdk.plugins import registry
from xianban_sdk.plugins.domains import domain_names
from xianban_sdk.plugins.registry.archive import unpack
from xianban_sdk.testing.matrix import covers
from xianban_sdk.testing.serving import served

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MINORS = sorted(path.name for path in HERE.glob("[0-9]*"))
FROZEN = sorted(path for minor in MINORS for path in (HERE / minor).glob("*.whl"))


def published() -> set[str]:
    released = re.findall(r"^## (\d+\.\d+)\.\d+", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    return {".".join(version("xianban-sdk").split(".")[:2]), *released}


def host(archive: Path, folder: Path, place: str, later: Path | None = None):
    found = registry.open_archive(archive)
    code = folder / "code"
    if not code.exists():
        unpack(found, code)
    asked = [found.domain, found.manifest.id, str(code), place, *([str(later)] if later else [])]
    told = subprocess.run(
        [sys.executable, str(HERE / "hosting.py"), *asked], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout.splitlines()[-1])


def then(archive: Path):
    domain = registry.open_archive(archive).domain
    return json.loads((archive.parent / f"{domain}.json").read_text("utf-8"))


def changed(now, before):
    """What is answered otherwise: before and now."""
    return {k: (v, now.get(k)) for k, v in before.items() if not covers(now.get(k), v)}


def test_every_published_minor_has_frozen_plugins():
    assert published() <= set(MINORS), "make freeze"
    for minor in MINORS:
        domains = {path.stem for path in (HERE / minor).glob("*.json")}
        assert domains
        assert domains <= set(domain_names())
        wheels = [path for path in FROZEN if path.parent.name == minor]
        assert {registry.open_archive(path).domain for path in wheels} == domains


@pytest.mark.parametrize("archive", FROZEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_frozen_archive_holds_the_source_beside_it(archive, tmp_path):
    found = registry.open_archive(archive)
    unpack(found, tmp_path)
    for file in (archive.parent / found.domain / "src").rglob("*.py"):
        packed = tmp_path / file.relative_to(archive.parent / found.domain / "src")
        assert packed.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("tier", ["0", "1"])
@pytest.mark.parametrize("archive", FROZEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_frozen_plugin_answers_as_it_did(archive, tier, tmp_path):
    told = host(archive, tmp_path, tier)
    assert told.get("refused", "") == told["quarantined"] == ""
    assert changed(told["answers"], then(archive)) == {}


# -- the next version of parking's hooks --------------------------------------------------------

PARKING = next(path for path in FROZEN if "parking" in path.name)
IMPORT = "from xianban_sdk.hook_versions import Removed, added, deprecated, since\n"
GOING = '@deprecated("1.1", removal="2.0", on=date(2027, 6, 1), use="register_places")\n'
NEW_HOOK = '''

@hookspec
@since("1.1")
def register_meter() -> list[Geocoder]:  # type: ignore[empty-body]
    """Brings meters."""


API_VERSION = "1.1"
'''
REMOVED = '\nREMOVED = {"register_geocoder": Removed("1.2", use="register_places")}\n'


def next_hooks(folder: Path, *changes: tuple[str, str], end: str = NEW_HOOK) -> Path:
    """A folder with parking's hooks, changed."""
    source = Path(hookspecs.__file__).read_text("utf-8")
    imports = "from datetime import datetime, timedelta\n"
    changes = (
        (imports, f"from datetime import date, datetime, timedelta\n{IMPORT}"),
        *changes,
    )
    for old, new in changes:
        assert old in source
        source = source.replace(old, new, 1)
    package = folder / "later" / "xianban_parking"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "hookspecs.py").write_text(source + end, "utf-8")
    return package.parent


ADDED = (
    ("    free: int | None = None\n", "    free: int | None = None\n    lane: int = LATER\n"),
    ("    rights: frozenset[str]\n", '    rights: frozenset[str]\n    wish: str = "none"\n'),
    ("def tariff_concessions(request:", "def tariff_concessions(weather: str, request:"),
    ("@hookspec\ndef register_geocoder", f"@hookspec\n{GOING}def register_geocoder"),
)
ADDED_FIELD = ("hookspec = pluggy", 'LATER = added("1.1", default=0)\nhookspec = pluggy')


@pytest.mark.parametrize("tier", ["0", "1"])
def test_fields_arguments_and_hooks_that_come_later_do_not_disturb_it(tier, tmp_path):
    later = next_hooks(tmp_path, ADDED_FIELD, *ADDED)
    told = host(PARKING, tmp_path, tier, later)
    assert told["api"] == "1.1"
    assert told.get("refused", "") == told["quarantined"] == ""
    assert changed(told["answers"], then(PARKING)) == {}
    assert told["answers"]["register_feed.0.read"][1]["lane"] == 0


def test_a_container_with_older_hooks_gets_what_it_knows(tmp_path):
    later = next_hooks(tmp_path, ADDED_FIELD, *ADDED)
    # The container's own hooks are today's: it is sent fields and arguments that it does not know.
    with served(str(PARKING.parent / "parking"), tmp_path) as address:
        told = host(PARKING, tmp_path, f"2@{address}", later)
    assert told["quarantined"] == ""
    assert changed(told["answers"], then(PARKING)) == {}


@pytest.mark.parametrize("tier", ["0", "1"])
def test_a_hook_that_goes_is_named_once_with_its_day_and_what_to_use(tier, tmp_path):
    later = next_hooks(tmp_path, ADDED_FIELD, *ADDED)
    [line] = host(PARKING, tmp_path, tier, later)["logged"]
    assert line["plugin"] == "matrix-0-1-parking"
    assert (line["hook"], line["removal"]) == ("register_geocoder", "2.0")
    assert (line["on"], line["use"]) == ("2027-06-01", "register_places")


@pytest.mark.parametrize("tier", ["0", "1"])
def test_a_removed_hook_is_named_with_what_to_use(tier, tmp_path):
    gone = ("@hookspec\ndef register_geocoder", "def formerly_geocoder")
    exported = ('    "register_geocoder",\n', "")
    later = next_hooks(tmp_path, gone, exported, end=f'\nAPI_VERSION = "1.2"\n{REMOVED}')
    told = host(PARKING, tmp_path, tier, later)
    why = told.get("refused") or told["quarantined"]
    assert "register_geocoder was removed in API 1.2; use register_places" in why


@pytest.mark.parametrize("tier", ["0", "1"])
def test_the_next_major_version_refuses_what_was_not_written_for_it(tier, tmp_path):
    later = next_hooks(tmp_path, end='\nAPI_VERSION = "2.0"\n')
    told = host(PARKING, tmp_path, tier, later)
    why = told.get("refused") or told["quarantined"]
    assert why.endswith("wants API >=1.0,<2, parking has 2.0")


def test_versions_are_compared_by_their_numbers():
    assert order("1.10") > order("1.9")
    assert order("1") == order("1.0") == order("1.0.0")
