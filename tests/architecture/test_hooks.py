"""No hook without a document, a test and a real plugin that uses it."""

from __future__ import annotations

import importlib
import inspect
import tomllib
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def hooks() -> list[tuple[str, str]]:
    found = []
    for point in entry_points(group="xianban.services"):
        name = f"{point.value.split('.')[0]}.hookspecs"
        if find_spec(name):
            module = importlib.import_module(name)
            found += [
                (point.name, key)
                for key, value in vars(module).items()
                if inspect.isfunction(value) and hasattr(value, f"xianban.{point.name}_spec")
            ]
    return found


HOOKS = hooks()


def plugins() -> list[tuple[Path, dict]]:
    return [
        (path, tomllib.loads(path.read_text("utf-8")))
        for path in ROOT.glob("plugins/*/src/*/plugin.toml")
    ]


def test_there_are_hooks_and_plugins():
    assert HOOKS
    assert plugins()


@pytest.mark.parametrize(("domain", "hook"), HOOKS)
def test_a_hook_has_a_document(domain, hook):
    assert f"## hook `{hook}`" in (ROOT / "docs/plugins" / f"{domain}.md").read_text("utf-8")


@pytest.mark.parametrize(("domain", "hook"), HOOKS)
def test_a_hook_is_used_by_a_real_plugin(domain, hook):
    users = [path.parent for path, manifest in plugins() if hook in manifest["hooks"]]
    assert users, f"no plugin under plugins/ uses {hook}"
    assert any(
        f"def {hook}(" in file.read_text("utf-8") for user in users for file in user.rglob("*.py")
    )


@pytest.mark.parametrize(("domain", "hook"), HOOKS)
def test_a_hook_is_named_by_a_test(domain, hook):
    tests = [
        *ROOT.glob("plugins/*/tests/*.py"),
        *ROOT.glob("*/*/tests/*.py"),
        *ROOT.glob("tests/**/*.py"),
    ]
    assert any(hook in path.read_text("utf-8") for path in tests if path != Path(__file__))


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/*")), ids=lambda path: path.name)
def test_a_plugin_is_a_package_like_any_vendors(path):
    assert (path / "pyproject.toml").is_file()
    assert (path / "README.md").is_file()
    assert (path / "quality.yaml").is_file()
    assert list(path.glob("src/*/plugin.toml"))
    assert list(path.glob("tests/test_*.py"))


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/*/quality.yaml")), ids=str)
def test_a_plugin_answers_the_ten_rules_with_reasons(path):
    answers = yaml.safe_load(path.read_text("utf-8"))
    assert len(answers) == 10
    for answer in answers.values():
        assert answer["status"] in ("done", "exempt")
        assert answer["reason"]
