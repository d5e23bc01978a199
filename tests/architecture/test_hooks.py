"""No hook without a document, a test and a real plugin that uses it."""

from __future__ import annotations

import importlib
import inspect
import tomllib
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest
from xianban_sdk.carrying import CarriesNothing, mark_of, said_of
from xianban_sdk.plugins.conformance import State, check

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
        for path in ROOT.glob("plugins/*/plugin.toml")
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
    assert (path / "quality.toml").is_file()
    assert (path / "plugin.toml").is_file()
    assert [link.readlink() for link in path.glob("src/*/plugin.toml")] == [
        Path("../../plugin.toml")
    ]
    assert list(path.glob("tests/test_*.py"))


# Runs in the suite's own process, reviewed: what of it a process of its own does not allow.
IN_PROCESS = {
    "notify-email": "a demo district's outbox lies in the suite's data directory",
    "notify-phone": "a demo district's outbox lies in the suite's data directory",
    "notify-sms": "a demo district's outbox lies in the suite's data directory",
    "notify-wecom": "a demo district's outbox lies in the suite's data directory",
    "notify-webpush": "calls the push services of any browser",
    "parking-parkapi": "makes a secret for each feed that the operator configures",
}


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/*")), ids=lambda path: path.name)
def test_a_plugin_stands_where_vendors_must(path):
    report = check(path, tools=False)
    held = [v for v in report.verdicts if v.rule.tier in ("bronze", "silver")]
    if path.name in IN_PROCESS:
        held = [verdict for verdict in held if verdict.rule.how == "read"]
    broken = {v.rule.id: [str(f) for f in v.findings] for v in held if v.state is State.BROKEN}
    assert not broken


@pytest.mark.parametrize(("domain", "hook"), [each for each in HOOKS if "register_" in each[1]])
def test_a_service_has_words_for_a_capability_that_nobody_brings(domain, hook):
    (point,) = entry_points(group="xianban.services", name=domain)
    assert hook in {one.hook for one in point.load().capabilities}


def calls() -> list[tuple[str, str, object]]:
    """What the host calls of plugins, beside the register_ hooks, which are told nothing."""
    found: dict[str, tuple[str, str, object]] = {}
    for domain, hook in HOOKS:
        module = importlib.import_module(f"xianban_{domain}.hookspecs")
        if not hook.startswith("register_"):
            found[f"{domain}.{hook}"] = (domain, hook, getattr(module, hook))
        for name, kind in vars(module).items():
            if getattr(kind, "_is_protocol", False) and name in module.__all__:
                for method, function in vars(kind).items():
                    if inspect.isfunction(function) and not method.startswith("_"):
                        found[f"{domain}.{name}.{method}"] = (domain, f"{name}.{method}", function)
    return list(found.values())


CALLS = calls()
MARKED = [(domain, call, mark) for domain, call, f in CALLS if (mark := mark_of(f))]


@pytest.mark.parametrize(
    ("domain", "call", "function"), CALLS, ids=[f"{domain}-{call}" for domain, call, _ in CALLS]
)
def test_a_call_says_whose_data_it_carries_or_that_it_carries_nobodys(domain, call, function):
    said = said_of(function)
    assert said is not None, f"{domain}: {call} needs @carries or @carries_nothing"
    assert said.why if isinstance(said, CarriesNothing) else said.purpose and said.basis


@pytest.mark.parametrize(("domain", "call", "mark"), MARKED, ids=lambda one: str(one)[:60])
def test_what_carries_data_names_a_call_that_the_service_makes(domain, call, mark):
    """A mark under another name than the host calls would book nothing."""
    name = mark.call or call
    (package,) = (
        ROOT / place / domain
        for place in ("services", "gateway")
        if (ROOT / place / domain).is_dir()
    )
    made = "".join(
        path.read_text("utf-8")
        for path in package.rglob("src/**/*.py")
        if path.name != "hookspecs.py"
    )
    assert f'"{name}"' in made


@pytest.mark.parametrize(("domain", "call", "mark"), MARKED, ids=lambda one: str(one)[:60])
def test_what_waits_for_consent_is_a_purpose_that_residents_are_asked_for(domain, call, mark):
    worded = tomllib.loads(
        (ROOT / "gateway/identity/src/xianban_identity/purposes.toml").read_text("utf-8")
    )
    known = {one["id"] for one in worded["purposes"]}
    assert mark.basis != "consent" or mark.purpose in known


@pytest.mark.parametrize(("domain", "call", "mark"), MARKED, ids=lambda one: str(one)[:60])
def test_the_suites_own_plugins_declare_what_they_are_told(domain, call, mark):
    own = [
        manifest for _, manifest in plugins() if mark.purpose in (manifest.get("purposes") or {})
    ]
    assert own, f"no plugin under plugins/ declares {mark.purpose}"


@pytest.mark.parametrize(("domain", "call", "mark"), MARKED, ids=lambda one: str(one)[:60])
def test_the_reference_shows_the_basis_of_a_call(domain, call, mark):
    name = (mark.call or call).split(".")[0] if not mark.call else mark.call
    page = (ROOT / "docs/plugins" / f"{domain}.md").read_text("utf-8")
    assert f"| `{name}` | `{mark.purpose}` | {mark.basis}" in page
