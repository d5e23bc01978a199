"""Rules of silver and gold that are read from the files."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final

from packaging.requirements import Requirement

from xianban_sdk.hook_versions import deprecation_of
from xianban_sdk.plugins.complaints import Complaint, schema_complaint
from xianban_sdk.plugins.conformance.harm import brought_by_the_sdk
from xianban_sdk.plugins.conformance.scale import Finding
from xianban_sdk.plugins.conformance.source import Module, PluginSource
from xianban_sdk.plugins.limits import Limits
from xianban_sdk.plugins.manifest import MANIFEST

__all__ = ["read_polish"]

_SHORTEST_README: Final = 200
_VARIABLE: Final = re.compile(r"XIANBAN_[A-Z0-9_]+")
# What every plugin may ask the settings for, and secrets, which are named elsewhere.
_COMMON: Final = re.compile(r"XIANBAN_(DATA|RUN|DEMO|ISSUER|DISTRICT|CONFIG|SECRET_.*)")
_LARGEST: Final = 1 << 20
_PRINTING: Final = frozenset({"print", "sys.stdout.write", "sys.stderr.write"})
_DOCUMENTED: Final = (ast.FunctionDef, ast.ClassDef)


def read_polish(source: PluginSource) -> Iterator[Finding]:
    """What breaks a rule of silver or gold."""
    for check in (
        *(_documented, _typed, _tested, _changelog, _configuration, _quiet),
        *(_current, _purposes),
    ):
        yield from check(source)
    for check in (_named_hosts, _docstrings, _modest, _light):
        yield from check(source)


def _found(rule: str, where: str, key: str, field: str = "", **params: str) -> Finding:
    return Finding(rule, where, Complaint(field, key, params))


def _current(source: PluginSource) -> Iterator[Finding]:
    specs = source.domain.specs
    for name in sorted(source.manifest.hooks & specs.keys()):
        going = deprecation_of(specs[name])
        if going is not None:
            told = {"hook": name, "use": going.use, "removal": going.removal}
            on = going.on.isoformat()
            yield _found("current", MANIFEST, "found-deprecated", "hooks", on=on, **told)


def _purposes(source: PluginSource) -> Iterator[Finding]:
    for purpose, hook in source.domain.undeclared(source.manifest).items():
        told = {"hook": hook, "purpose": purpose}
        yield _found("purposes", MANIFEST, "found-untold", "purposes", **told)


def _documented(source: PluginSource) -> Iterator[Finding]:
    readme = source.text("README.md")
    if len(readme) < _SHORTEST_README:
        yield _found("documented", "README.md", "found-no-readme")
        return
    for name in sorted(_properties(source)):
        if name not in readme:
            yield _found("documented", "README.md", "found-unnamed", name=name)


def _typed(source: PluginSource) -> Iterator[Finding]:
    if not (source.package / "py.typed").is_file():
        yield _found("typed", str(source.package.name), "found-no-marker")
    for module, node in _functions(source):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [a for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
        if bare or node.returns is None:
            yield _found("typed", module.at(node), "found-untyped", name=node.name)


def _tested(source: PluginSource) -> Iterator[Finding]:
    texts = [path.read_text("utf-8", "replace") for path in source.folder.glob("tests/test_*.py")]
    if not texts:
        yield _found("tested", "tests", "found-no-tests")
        return
    for hook in sorted(source.manifest.hooks):
        if not any(hook in text for text in texts):
            yield _found("tested", "tests", "found-untested", hook=hook)


def _changelog(source: PluginSource) -> Iterator[Finding]:
    if source.manifest.version not in source.text("CHANGELOG.md"):
        yield _found("changelog", "CHANGELOG.md", "found-unlogged", version=source.manifest.version)


def _configuration(source: PluginSource) -> Iterator[Finding]:
    config = source.manifest.config
    why = schema_complaint(config) if config else ""
    if why:
        yield _found("configuration", MANIFEST, "found-no-schema", "config", why=why[:200])
        return
    known = _properties(source)
    for name, facts in known.items():
        if isinstance(facts, dict) and "description" not in facts:
            yield _found("configuration", MANIFEST, "found-undescribed", f"config.{name}")
    for module in source.reached:
        for node, text in module.texts:
            variable = _VARIABLE.fullmatch(text) and not _COMMON.fullmatch(text)
            if variable and text not in known:
                yield _found("configuration", module.at(node), "found-variable", name=text)


def _quiet(source: PluginSource) -> Iterator[Finding]:
    for module in source.reached:
        for node in module.nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in _PRINTING:
                yield _found("quiet", module.at(node), "found-print")


def _named_hosts(source: PluginSource) -> Iterator[Finding]:
    if "*" in source.manifest.hosts:
        yield _found("named-hosts", MANIFEST, "found-any-host", "hosts")


def _docstrings(source: PluginSource) -> Iterator[Finding]:
    for module in source.modules:
        things = [node for node in module.tree.body if isinstance(node, _DOCUMENTED)]
        named = [(node.name, node) for node in things if not node.name.startswith("_")]
        for name, node in [(module.path.stem, module.tree), *named]:
            if not ast.get_docstring(node):
                yield _found("docstrings", module.at(node), "found-undocumented", name=name)


def _modest(source: PluginSource) -> Iterator[Finding]:
    usual = dataclasses.asdict(Limits())
    for name, value in dataclasses.asdict(source.manifest.limits).items():
        if value > usual[name]:
            params = {"value": str(value), "usual": str(usual[name])}
            yield _found("modest", MANIFEST, "found-immodest", f"limits.{name}", **params)


def _light(source: PluginSource) -> Iterator[Finding]:
    size = sum(path.stat().st_size for path in source.package.rglob("*") if path.is_file())
    if size > _LARGEST:
        yield _found("light", source.package.name, "found-heavy", size=f"{size / _LARGEST:.1f}")
    there = brought_by_the_sdk()
    own = {one.import_name.split(".")[0].replace("_", "-") for one in source.domains}
    for text in source.project.get("project", {}).get("dependencies", ()):
        name = Requirement(text).name
        if name not in there | own:
            yield _found("light", "pyproject.toml", "found-dependency", name=name)


def _properties(source: PluginSource) -> dict[str, Any]:
    return dict(source.manifest.config.get("properties", {}))


def _functions(source: PluginSource) -> Iterator[tuple[Module, ast.FunctionDef]]:
    """Functions of modules and classes; those inside functions are nobody else's."""
    for module in source.modules:
        waiting: list[ast.stmt] = list(module.tree.body)
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, ast.ClassDef):
                waiting += node.body
            if isinstance(node, ast.FunctionDef):
                yield module, node
