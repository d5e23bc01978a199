"""Every package says the same things in both languages, and says everything its pages ask for."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from fluent.syntax import parse
from fluent.syntax.ast import Junk, Message, VariableReference
from fluent.syntax.visitor import Visitor
from google.protobuf import descriptor_pool
from xianban.common.v1 import options_pb2
from xianban_portal.accesses import access_words
from xianban_sdk.app import Service, installed_services
from xianban_sdk.web import Pages

ROOT = Path(__file__).parents[2]
LOCALES = ("zh-CN", "en")
_USED = re.compile(r"""\bt\(\s*["']([a-z0-9-]+)["']""")
_ASKED = re.compile(r"""\btext\(\s*request,\s*"[a-z]+",\s*"([a-z0-9-]+)"\s*[,)]""")
_REMARK = re.compile(r"\{#.*?#\}", re.DOTALL)


class _Variables(Visitor):
    """Collects `$names` of one message."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: VariableReference) -> None:
        # A name that exists in both languages comes as `lot` and `lot_en`.
        self.names.add(node.id.name.removesuffix("_en"))


def locale_folders() -> list[Path]:
    """Every `locale/` of the repository's packages."""
    parts = ("sdk", "services", "gateway", "plugins")
    found = [path for part in parts for path in (ROOT / part).glob("**/src/**/locale")]
    return sorted(path for path in found if path.is_dir() and any(path.glob("*.ftl")))


def messages(file: Path) -> dict[str, set[str]]:
    """Key → variables; a line that Fluent can't read fails the test."""
    resource = parse(file.read_text("utf-8"))
    broken = [entry.content for entry in resource.body if isinstance(entry, Junk)]
    assert not broken, f"{file}: {broken[0][:80]!r}"
    found: dict[str, set[str]] = {}
    for entry in resource.body:
        if isinstance(entry, Message):
            assert entry.id.name not in found, f"{file}: {entry.id.name} twice"
            variables = _Variables()
            variables.visit(entry)
            found[entry.id.name] = variables.names
    return found


def template_folders() -> list[tuple[Path, Path]]:
    """(templates, locale) of every package that has pages."""
    found: list[tuple[Path, Path]] = []
    for templates in ROOT.glob("*/**/src/*/**/templates"):
        if templates.is_dir() and ".venv" not in templates.parts:
            package = _package(templates)
            if package is not None:
                found.append((templates, package))
    return sorted(found)


def _package(inside: Path) -> Path | None:
    """The nearest locale folder upwards: the site's own, or its root package's."""
    for parent in inside.parents:
        if (parent / "locale" / "zh-CN.ftl").is_file():
            return parent / "locale"
        if parent.name == "src":
            return None
    return None


@pytest.mark.parametrize("folder", locale_folders(), ids=lambda path: str(path.relative_to(ROOT)))
def test_both_languages_have_the_same_keys_with_the_same_values(folder: Path) -> None:
    chinese, english = (messages(folder / f"{locale}.ftl") for locale in LOCALES)
    assert sorted(chinese) == sorted(english)
    differing = {key for key in chinese if chinese[key] != english[key]}
    assert not differing, f"other variables: {sorted(differing)}"


@pytest.mark.parametrize(
    ("templates", "locale"), template_folders(), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_text_that_a_template_asks_for_exists(templates: Path, locale: Path) -> None:
    kit = messages(ROOT / "sdk/src/xianban_sdk/web/locale/zh-CN.ftl")
    known = set(messages(locale / "zh-CN.ftl")) | set(kit)
    missing: list[str] = []
    for template in templates.rglob("*.html"):
        content = _REMARK.sub("", template.read_text("utf-8"))
        for key in _USED.findall(content):
            # `t("kind-" ~ value)` names a family: one member is enough here.
            family = key.endswith("-")
            if family and not any(one.startswith(key) for one in known):
                missing.append(f"{template.name}: {key}…")
            if not family and key not in known:
                missing.append(f"{template.name}: {key}")
    assert not missing, missing


@pytest.mark.parametrize("folder", locale_folders(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_that_a_page_asks_for_in_python_exists(folder: Path) -> None:
    kit = messages(ROOT / "sdk/src/xianban_sdk/web/locale/zh-CN.ftl")
    known = set(messages(folder / "zh-CN.ftl")) | set(kit)
    missing = [
        f"{file.relative_to(ROOT)}: {key}"
        for file in folder.parent.rglob("*.py")
        if _package(file) == folder
        for key in _ASKED.findall(file.read_text("utf-8"))
        if key not in known
    ]
    assert not missing, missing


def test_no_template_carries_scripts_or_styles_of_its_own() -> None:
    """The pages' policy allows none, so they would silently do nothing."""
    own = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)[^>]*>")
    found = [
        f"{path.relative_to(ROOT)}: {hit.group(0)}"
        for folder, _ in template_folders()
        for path in folder.rglob("*.html")
        for hit in own.finditer(path.read_text("utf-8"))
        if "application/json" not in hit.group(0)
    ]
    assert not found, found


def _asked_by_people(service: Service) -> list[str]:
    """RPCs that a person's token may call: each may stand in "who looked at my data"."""
    pool = descriptor_pool.Default()
    methods = [m for name in service.servicers for m in pool.FindServiceByName(name).methods]
    rules = {m.name: m.GetOptions().Extensions[options_pb2.access] for m in methods}
    return [name for name, rule in rules.items() if not (rule.anonymous or rule.workload)]


@pytest.mark.parametrize("service", installed_services(), ids=lambda one: one.name)
@pytest.mark.parametrize("locale", LOCALES)
def test_what_somebody_did_is_said_in_words_not_by_the_name_of_an_rpc(
    service: Service, locale: str
) -> None:
    sites = {point.name: point for point in entry_points(group="xianban.portal")}
    pages = Pages([sites[service.name].load()])
    unsaid = [
        name
        for name in _asked_by_people(service)
        if not pages.has_text(service.name, locale, access_words(name))
    ]
    assert unsaid == []
