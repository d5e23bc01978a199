"""`xianban plugin new` writes a plugin for any hook that is clean, loads and passes its tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xianban_sdk.cli.commands import command_line
from xianban_sdk.plugins.domains import CARRIED, domain, domain_names
from xianban_sdk.plugins.manifest import parse_manifest

HOOKS = [(name, hook) for name in domain_names() for hook in domain(name).specs]


def new(path: Path, *arguments: str, answers: str = "", **environ: str):
    told = ["plugin", "new", str(path), *arguments]
    return CliRunner().invoke(command_line(), told, input=answers, env={"LC_ALL": "C", **environ})


def run(cwd: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def scaffolds(tmp_path_factory) -> Path:
    """One plugin per hook, beside each other."""
    folder = tmp_path_factory.mktemp("scaffolds")
    for name, hook in HOOKS:
        path = folder / f"acme-{hook.replace('_', '-')}"
        answer = new(path, "--domain", name, "--hook", hook, "--yes")
        assert answer.exit_code == 0, answer.output
        assert parse_manifest((path / "plugin.toml").read_bytes(), path).hooks == {hook}
    return folder


def test_any_hook_of_any_domain_is_scaffolded_clean(scaffolds):
    run(scaffolds, "ruff", "check", ".")
    run(scaffolds, "ruff", "format", "--check", ".")


def test_any_scaffold_passes_its_own_tests(scaffolds):
    folders = sorted(scaffolds.glob("acme-*"))
    sources = " ".join(str(path / "src") for path in folders)
    config = ("-c", str(folders[0] / "pyproject.toml"), "--rootdir", str(scaffolds))
    told = run(scaffolds, "pytest", "-q", *config, "-o", f"pythonpath={sources}", ".")
    assert "passed" in told


def test_several_hooks_of_a_domain_share_a_plugin(tmp_path):
    path = tmp_path / "acme-both"
    hooks = ("--hook", "register_feed", "--hook", "tariff_concessions")
    assert new(path, "--domain", "parking", *hooks, "--yes").exit_code == 0
    run(path, "ruff", "check", ".")
    run(path, "ruff", "format", "--check", ".")
    run(path, "pytest", "-q", "-p", "no:cacheprovider")


def test_without_flags_it_asks(tmp_path):
    path = tmp_path / "acme-meters"
    answer = new(path, answers="parking\nregister_feed\n街边停车公司\nhi@acme.example\nMIT\n")
    assert answer.exit_code == 0, answer.output
    manifest = parse_manifest((path / "plugin.toml").read_bytes(), path)
    assert (manifest.vendor, manifest.licence) == ("街边停车公司", "MIT")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--domain", "parkin", "--hook", "register_feed", "--yes"), "parking"),
        (("--domain", "parking", "--hook", "register_feeds", "--yes"), "register_feed"),
        (("--hook", "register_feed", "--yes"), "--domain"),
        (("--domain", "parking", "--yes"), "--hook"),
    ],
)
def test_what_is_wrong_is_told_with_what_there_is(tmp_path, arguments, told):
    answer = new(tmp_path / "acme", *arguments)
    assert answer.exit_code == 1
    assert told in answer.output
    assert not (tmp_path / "acme").exists()


def test_it_speaks_chinese_in_a_chinese_terminal(tmp_path):
    answer = new(tmp_path / "acme", "--domain", "parkin", "--yes", LC_ALL="zh_CN.UTF-8")
    assert "没有领域" in answer.output


def test_nothing_that_lies_there_is_overwritten(tmp_path):
    path = tmp_path / "acme"
    path.mkdir()
    (path / "mine.txt").write_text("mine")
    assert new(path, "--domain", "parking", "--hook", "register_feed", "--yes").exit_code == 1
    assert os.listdir(path) == ["mine.txt"]


@pytest.mark.parametrize("name", ["车位", "-", "2-meters", "a" * 65, "a/b!"])
def test_a_folder_whose_name_makes_no_id_is_refused(tmp_path, name):
    answer = new(tmp_path / name, "--domain", "parking", "--hook", "register_feed", "--yes")
    assert answer.exit_code == 1
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["Acme_Meters", "acme.meters", "acme meters"])
def test_a_folders_name_becomes_an_id(tmp_path, name):
    path = tmp_path / name
    assert new(path, "--domain", "parking", "--hook", "register_feed", "--yes").exit_code == 0
    assert parse_manifest((path / "plugin.toml").read_bytes(), path).id == "acme-meters"


def test_the_longest_id_still_makes_clean_code(tmp_path):
    path = tmp_path / "-".join(["acme-street-meters"] * 3)
    assert new(path, "--domain", "parking", "--hook", "register_payment", "--yes").exit_code == 0
    run(path, "ruff", "check", ".")
    run(path, "ruff", "format", "--check", ".")


def test_the_carried_hookspecs_are_the_services_own():
    for name in domain_names():
        carried = (CARRIED / f"xianban_{name}/hookspecs.py").read_text("utf-8")
        installed = Path(domain(name).module.__file__).read_text("utf-8")
        assert carried.partition("\n")[2] == installed
