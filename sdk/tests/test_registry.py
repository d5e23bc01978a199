"""From a folder to an index, into a running service, and out again; nothing forged gets in."""

import json
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xianban_sdk.admin import opened
from xianban_sdk.cli.commands import command_line
from xianban_sdk.plugins.domains import domain
from xianban_sdk.plugins.registry import (
    RegistryRefused,
    Standing,
    Store,
    build,
    following,
    make_key,
    open_archive,
    public_text,
    publish,
    read_key,
    revoke,
    sign,
    verify,
)
from xianban_sdk.plugins.scaffold import Wish, write_plugin
from xianban_sdk.settings import Settings

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def scaffold(folder: Path, name: str = "acme-discounts", vendor: str = "Acme") -> Path:
    facts = (domain("parking"), ["tariff_concessions"], vendor, "a@acme.example", "MIT")
    write_plugin(folder / name, Wish(name, *facts))
    return folder / name


def renumbered(folder: Path, version: str) -> Path:
    for name in ("plugin.toml", "pyproject.toml"):
        file = folder / name
        file.write_text(file.read_text("utf-8").replace('"0.1.0"', f'"{version}"'), "utf-8")
    return folder


@pytest.fixture
def source(tmp_path) -> Path:
    return scaffold(tmp_path)


@pytest.fixture
def wheel(source, tmp_path) -> Path:
    return build(source, tmp_path / "dist")


@pytest.fixture
def signers(tmp_path):
    """(the index's, the vendor's)"""
    return make_key(tmp_path / "index.key"), make_key(tmp_path / "vendor.key")


def put(folder: Path, wheel: Path, signers, now=NOW, *, signed: bool = True):
    archive = open_archive(wheel)
    signature = sign(signers[1], archive.sha256.encode()) if signed else None
    return publish(folder, archive, signature, signers[0], now)


def xianban(*arguments: object, code: int = 0) -> dict:
    told = ["plugin", *map(str, arguments), "--json"]
    done = CliRunner().invoke(command_line(), told, env={"LC_ALL": "C"})
    assert done.exit_code == code, done.output
    return json.loads(done.output) if code == 0 else {"told": done.output}


def test_the_same_folder_makes_the_same_bytes(source, tmp_path):
    one, other = (build(source, tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other


def test_an_archive_has_manifest_hashes_and_what_it_is_made_of(wheel):
    archive = open_archive(wheel)
    assert (archive.manifest.id, archive.domain) == ("acme-discounts", "parking")
    with zipfile.ZipFile(wheel) as opened_wheel:
        name = next(one for one in archive.names if one.endswith("sbom.cdx.json"))
        sbom = json.loads(opened_wheel.read(name))
    assert sbom["bomFormat"] == "CycloneDX"
    files = {one["name"] for one in sbom["components"] if one["type"] == "file"}
    assert "xianban_plugin_acme_discounts/plugin.py" in files


def rewritten(wheel: Path, change) -> Path:
    """The archive with its entries as `change(name, raw)` makes them."""
    with zipfile.ZipFile(wheel) as old:
        entries = [(entry.filename, old.read(entry)) for entry in old.infolist()]
    with zipfile.ZipFile(wheel, "w") as fresh:
        for name, raw in entries:
            for entry, content in change(name, raw):
                fresh.writestr(entry, content)
    return wheel


def added_to(wheel: Path, entry) -> None:
    rewritten(wheel, lambda n, raw: [(n, raw), *([(entry, b"x")] if n.endswith("WHEEL") else [])])


def test_a_file_that_was_modified_or_added_is_found(wheel, tmp_path):
    copy = Path(shutil.copy(wheel, tmp_path / "copy.whl"))
    rewritten(wheel, lambda n, raw: [(n, raw + b"\n" if n.endswith("/plugin.py") else raw)])
    with pytest.raises(RegistryRefused, match=r"plugin\.py is not as it was built"):
        open_archive(wheel)
    rewritten(
        copy, lambda n, raw: [(n, raw), (f"{n}.more", b"x")] if n.endswith(".py") else [(n, raw)]
    )
    with pytest.raises(RegistryRefused, match="not as it was built"):
        open_archive(copy)


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/evil", "a/../../evil", "a\\b.py", "c:evil", "a\x00b", "x" * 300]
)
def test_a_path_that_leads_outside_is_refused_before_anything_is_unpacked(wheel, name):
    added_to(wheel, name)
    with pytest.raises(RegistryRefused):
        open_archive(wheel)


def test_links_bombs_and_what_is_no_zip_are_refused(wheel, tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    linked = Path(shutil.copy(wheel, tmp_path / "linked.whl"))
    rewritten(
        linked, lambda n, raw: [(n, raw), (link, b"/etc")] if n.endswith("WHEEL") else [(n, raw)]
    )
    bomb = tmp_path / "bomb.whl"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes(80 << 20))
    many = tmp_path / "many.whl"
    with zipfile.ZipFile(many, "w") as made:
        for number in range(2001):
            made.writestr(str(number), b"")
    text = tmp_path / "text.whl"
    text.write_text("no zip")
    broken = tmp_path / "broken.whl"
    with zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a-1.dist-info/RECORD", b"x" * 500)
    head, name, packed = broken.read_bytes().partition(b"RECORD")
    broken.write_bytes(head + name + b"\xff" + packed[1:])
    for path in (linked, bomb, many, text, broken):
        with pytest.raises(RegistryRefused):
            open_archive(path)


def test_a_private_key_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "mine.key"
    key = make_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert public_text(read_key(file)) == public_text(key)
    with pytest.raises(RegistryRefused):
        make_key(file)
    file.chmod(0o644)
    with pytest.raises(RegistryRefused, match="0600"):
        read_key(file)


def test_a_signature_holds_for_what_was_signed_alone(signers):
    signature = sign(signers[1], b"this")
    verify(signature, b"this", "it")
    for forged in (signature, sign(signers[0], b"this")):
        with pytest.raises(RegistryRefused):
            verify(forged, b"that", "it")


def test_a_version_is_published_once_and_by_its_owner_alone(source, wheel, signers, tmp_path):
    folder = tmp_path / "index"
    index = put(folder, wheel, signers)
    assert index.standing("acme-discounts", "0.1.0") is Standing.SIGNED
    put(folder, wheel, signers)
    other = (signers[0], make_key(tmp_path / "other.key"))
    changed = build(renumbered(source, "0.2.0"), tmp_path / "dist")
    with pytest.raises(RegistryRefused, match="another vendor"):
        put(folder, changed, other)
    with pytest.raises(RegistryRefused, match="another vendor"):
        put(folder, changed, signers, signed=False)


def test_a_version_never_changes(source, wheel, signers, tmp_path):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    (source / "README.md").write_text("Other words. " * 40)
    with pytest.raises(RegistryRefused, match="never changes"):
        put(folder, build(source, tmp_path / "dist"), signers)


def test_a_name_like_anothers_is_not_published(wheel, signers, tmp_path):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    squat = build(scaffold(tmp_path, "acme-discount", "Other"), tmp_path / "dist")
    with pytest.raises(RegistryRefused, match="can be taken for acme-discounts"):
        put(folder, squat, (signers[0], make_key(tmp_path / "squatter.key")))


def test_a_name_like_anothers_is_not_published_under_its_vendors_name_either(
    wheel, signers, tmp_path
):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    squat = build(scaffold(tmp_path, "acme-discount", "Acme"), tmp_path / "dist")
    with pytest.raises(RegistryRefused, match="can be taken for acme-discounts"):
        put(folder, squat, (signers[0], make_key(tmp_path / "squatter.key")))
    put(folder, squat, signers)


def test_files_of_the_same_name_do_not_replace_each_other(wheel, signers, tmp_path):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    other = build(scaffold(tmp_path, "other-meters", "Other"), tmp_path / "other")
    put(folder, other.rename(tmp_path / "other" / wheel.name), signers)
    store = Store(Settings(data=tmp_path / "data"))
    for name in ("acme-discounts", "other-meters"):
        made = store.install_from_index(str(folder), public_text(signers[0]), name, NOW)
        assert made.id == name


def test_an_index_is_believed_by_its_key_and_never_when_older(wheel, signers, tmp_path):
    folder, old = tmp_path / "index", tmp_path / "old"
    put(folder, wheel, signers)
    shutil.copytree(folder, old)
    revoke(folder, "acme-discounts", "<1", "a hole", signers[0], NOW + timedelta(days=1))
    store = Store(Settings(data=tmp_path / "data"))
    with pytest.raises(RegistryRefused, match="key you trust"):
        store.fetch_index(str(folder), public_text(signers[1]))
    store.fetch_index(str(folder), public_text(signers[0]))
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    with pytest.raises(RegistryRefused, match="older"):
        store.fetch_index(str(folder), public_text(signers[0]))


def test_an_index_that_was_tampered_with_is_refused(wheel, signers, tmp_path):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    file = folder / "index.json"
    file.write_bytes(file.read_bytes().replace(b"Acme", b"Evil"))
    with pytest.raises(RegistryRefused, match="does not hold"):
        Store(Settings(data=tmp_path / "data")).fetch_index(str(folder), public_text(signers[0]))


@pytest.fixture
def running(tmp_path, monkeypatch) -> Iterator[Path]:
    """The data of a parking service whose admin socket is open."""
    data = tmp_path / "data"
    monkeypatch.setenv("XIANBAN_DATA", str(data))
    monkeypatch.setenv("XIANBAN_RUN", str(tmp_path / "run"))
    with opened(["parking"], Settings.load()):
        yield data


def test_a_running_service_takes_a_plugin_up_and_lets_go_of_it(source, running, tmp_path):
    wheel = xianban("build", source)["file"]
    vendor = xianban("sign", "--new-key", tmp_path / "vendor.key")["key"]
    assert xianban("sign", wheel, "--key", tmp_path / "vendor.key")["key"] == vendor
    district = xianban("sign", "--new-key", tmp_path / "district.key")["key"]
    index, own = tmp_path / "index", ("--key", tmp_path / "district.key")
    assert xianban("publish", index, wheel, *own)["standing"] == "signed"

    made = xianban("install", "acme-discounts", "--index", index, "--key", district)
    assert (made["suite"], made["running"]) == ("running", True)
    assert listed()["acme-discounts"]["state"] == "running"
    assert listed()["acme-discounts"]["tier"] == 1
    assert listed()["parking-concessions"]["tier"] == 0

    assert xianban("disable", "acme-discounts")["running"] is False
    assert listed()["acme-discounts"]["state"] == "disabled"
    assert xianban("disable", "acme-discounts", "--undo")["running"] is True

    xianban("revoke", index, "acme-discounts", "<0.2", *own, "--reason", "a hole")
    assert listed()["acme-discounts"]["state"] == "running"
    revoked = listed("--refresh")["acme-discounts"]
    del revoked["figures"]
    assert revoked == {
        "id": "acme-discounts",
        "version": "0.1.0",
        "domain": "parking",
        "standing": "revoked",
        "state": "stopped",
        "tier": 1,
        "untold": {},
    }
    told = xianban("install", "acme-discounts", "--index", index, "--key", district, code=1)
    assert "no version" in told["told"]
    assert xianban("disable", "acme-discounts", "--remove")["running"] is False
    assert "acme-discounts" not in listed()


def listed(*arguments: str) -> dict[str, dict]:
    return {row["id"]: row for row in xianban("list", *arguments)["plugins"]}


def test_a_file_is_installed_when_its_signer_is_trusted(wheel, running, tmp_path, monkeypatch):
    assert "--unsigned" in xianban("install", wheel, code=1)["told"]
    xianban("sign", "--new-key", tmp_path / "vendor.key")
    key = xianban("sign", wheel, "--key", tmp_path / "vendor.key")["key"]
    assert key in xianban("install", wheel, code=1)["told"].replace("\n", "")
    assert xianban("install", wheel, "--key", key)["running"] is True
    assert listed()["acme-discounts"]["standing"] == "signed"


def test_a_plugin_whose_files_were_changed_later_is_stopped(wheel, running):
    xianban("install", wheel, "--unsigned")
    assert listed()["acme-discounts"]["standing"] == "unsigned"
    file = running / "plugins/store/acme-discounts/0.1.0/xianban_plugin_acme_discounts/plugin.py"
    file.write_text(file.read_text() + "\n# changed\n")
    assert listed()["acme-discounts"]["standing"] == "modified"
    assert xianban("disable", "acme-discounts", "--undo")["running"] is False


def test_an_index_that_is_away_stops_nothing(wheel, signers, running, tmp_path):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    xianban("install", "acme-discounts", "--index", folder, "--key", public_text(signers[0]))
    shutil.rmtree(folder)
    answer = xianban("list", "--refresh")
    assert answer["unreachable"] == [str(folder)]
    assert listed()["acme-discounts"]["state"] == "running"


def test_a_forged_index_does_not_keep_anothers_revocations_away(wheel, signers, running, tmp_path):
    forged, honest, key = tmp_path / "a", tmp_path / "b", public_text(signers[0])
    put(forged, build(scaffold(tmp_path, "yard-counts", "Yard"), tmp_path / "dist"), signers)
    put(honest, wheel, signers)
    for folder, name in ((forged, "yard-counts"), (honest, "acme-discounts")):
        assert xianban("install", name, "--index", folder, "--key", key)["running"] is True
    file = forged / "index.json"
    file.write_bytes(file.read_bytes().replace(b"Yard", b"Evil"))
    revoke(honest, "acme-discounts", "<1", "a hole", signers[0], NOW + timedelta(days=1))
    # Whatever the width of the terminal.
    told = "".join(xianban("list", "--refresh", code=1)["told"].split())
    assert f"{forged}doesnothold" in told
    assert listed()["acme-discounts"]["state"] == "stopped"
    assert listed()["yard-counts"]["state"] == "running"


def test_a_spoilt_copy_of_the_index_keeps_its_plugins_from_running(
    wheel, signers, running, tmp_path
):
    folder = tmp_path / "index"
    put(folder, wheel, signers)
    xianban("install", "acme-discounts", "--index", folder, "--key", public_text(signers[0]))
    (copy,) = running.glob("plugins/store/indexes/*.json")
    copy.write_bytes(copy.read_bytes().replace(b"Acme", b"Evil"))
    assert listed()["acme-discounts"]["standing"] == "modified"


def test_a_new_version_takes_the_place_of_the_old_one(source, wheel, signers, running, tmp_path):
    folder, key = tmp_path / "index", public_text(signers[0])
    put(folder, wheel, signers)
    xianban("install", "acme-discounts", "--index", folder, "--key", key)
    put(folder, build(renumbered(source, "0.10.0"), tmp_path / "dist"), signers)
    put(folder, build(renumbered(scaffold(tmp_path / "b"), "0.9.0"), tmp_path / "dist"), signers)
    made = xianban("install", "acme-discounts", "--index", folder, "--key", key)
    assert (made["version"], made["running"]) == ("0.10.0", True)
    assert listed()["acme-discounts"]["version"] == "0.10.0"


def test_a_plugin_called_like_an_installed_one_does_not_run_and_leaves_no_process(
    running, tmp_path, monkeypatch
):
    wheel = xianban("build", scaffold(tmp_path, "parking-concessions", "Xianban"))["file"]
    opened_ones: list[object] = []
    monkeypatch.setattr(following, "open_outside", lambda *_: opened_ones.append(1))
    assert xianban("install", wheel, "--unsigned")["running"] is False
    assert listed()["parking-concessions"]["tier"] == 0
    assert opened_ones == []


def test_a_plugin_for_another_version_of_the_hooks_says_so_in_the_list(source, running):
    file = source / "plugin.toml"
    file.write_text(re.sub(r"(?m)^api = .*$", 'api = ">=7,<8"', file.read_text("utf-8")), "utf-8")
    assert xianban("install", xianban("build", source)["file"], "--unsigned")["running"] is False
    assert "wants API >=7,<8" in listed()["acme-discounts"]["state"]


def test_a_plugin_that_cannot_start_is_installed_and_said_not_to_run(source, running):
    code = source / "src/xianban_plugin_acme_discounts/plugin.py"
    code.write_text(code.read_text("utf-8") + "\nraise RuntimeError('no licence')\n", "utf-8")
    wheel = xianban("build", source)["file"]
    assert xianban("install", wheel, "--unsigned")["running"] is False
    assert "no licence" in listed()["acme-discounts"]["state"]


def test_a_package_of_the_environment_is_disabled_and_enabled_like_one_of_the_store(running):
    assert listed()["parking-concessions"]["figures"]["calls"] == 0
    assert xianban("disable", "parking-concessions")["running"] is False
    assert listed()["parking-concessions"]["state"] == "disabled"
    assert xianban("disable", "parking-concessions", "--undo")["running"] is True
    assert listed()["parking-concessions"]["state"] == "running"
