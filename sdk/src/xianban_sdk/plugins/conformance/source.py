"""A plugin's folder as the kit reads it; nothing of it is executed."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement

from xianban_sdk.plugins.domains import Domain, domain, domain_names
from xianban_sdk.plugins.manifest import MANIFEST, Manifest, PluginRefused, parse_manifest

__all__ = ["Module", "PluginSource", "open_source"]

_PREFIX: Final = "xianban_"
_MOST_FILES: Final = 2000
_LARGEST: Final = 1 << 20


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path
    """Relative to the plugin's folder."""
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """ "src/…/plugin.py:17"."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of them."""
        return list(ast.walk(self.tree))

    @cached_property
    def texts(self) -> list[tuple[ast.AST, str]]:
        """Every text literal; docstrings, too."""
        constants = [node for node in self.nodes if isinstance(node, ast.Constant)]
        return [(node, node.value) for node in constants if isinstance(node.value, str)]

    @cached_property
    def imports(self) -> list[tuple[str, ast.AST]]:
        """Modules that it imports by name, with those names of a package that may be modules."""
        found: list[tuple[str, ast.AST]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(one.name, node) for one in node.names]
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.append((node.module, node))
        return found


@dataclass(frozen=True)
class PluginSource:
    """A plugin's folder."""

    folder: Path
    manifest: Manifest
    package: Path
    """The folder with its code."""
    modules: tuple[Module, ...]
    project: Mapping[str, Any]
    """Its pyproject.toml; empty where there is none."""
    chosen: str = ""
    """The domain that is looked at; empty: its only one."""

    @cached_property
    def domains(self) -> tuple[Domain, ...]:
        """Those whose hooks it implements; PluginRefused where there is none."""
        named = [key.removeprefix("xianban.") for key in self.entry_points if "xianban." in key]
        imported = {name.split(".")[0].removeprefix(_PREFIX) for name in self._hookspecs()}
        found = [name for name in domain_names() if name in (named or imported)]
        if not found:
            raise PluginRefused(f"{self.folder} extends no domain")
        return tuple(domain(name) for name in found)

    @cached_property
    def domain(self) -> Domain:
        """The one that is looked at; PluginRefused where it is one of several."""
        found = [one for one in self.domains if self.chosen in ("", one.name)]
        if len(found) != 1:
            names = ", ".join(one.name for one in self.domains)
            raise PluginRefused(f"{self.folder} extends {names}: say which")
        return found[0]

    def each(self) -> tuple[PluginSource, ...]:
        """The same plugin, as each of its domains sees it."""
        return tuple(replace(self, chosen=one.name) for one in self.domains)

    @cached_property
    def declared(self) -> frozenset[str]:
        """The hooks that it declares, without those of its other domains."""
        others = {name for one in self.domains for name in one.specs if one is not self.domain}
        return self.manifest.hooks - (others - self.domain.specs.keys())

    @cached_property
    def reached(self) -> tuple[Module, ...]:
        """The modules that the suite's processes load: those that the hooks' module imports.

        Others (a command of its own, a measurement) run in processes of their own.
        """
        by_name = {self._name_of(module): module for module in self.modules}
        found: dict[str, Module] = {}
        waiting = [self.entry, self.package.name]
        while waiting:
            name = waiting.pop()
            module = by_name.get(name)
            if module is not None and name not in found:
                found[name] = module
                waiting += self._own_imports(name, module)
        return tuple(found.values())

    def _name_of(self, module: Module) -> str:
        parts = module.path.with_suffix("").relative_to("src").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _own_imports(self, name: str, module: Module) -> Iterator[str]:
        for node in module.nodes:
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            if isinstance(node, ast.ImportFrom):
                levels = node.level - (module.path.name == "__init__.py")
                parents = name.split(".")[: -levels or None] if node.level else []
                whole = ".".join([*parents, *([node.module] if node.module else [])])
                yield whole
                yield from (f"{whole}.{one.name}" for one in node.names)

    @property
    def entry(self) -> str:
        """The module with its hooks."""
        return f"{self.package.name}.plugin"

    @property
    def entry_points(self) -> Mapping[str, Mapping[str, str]]:
        """Group → name → module, as pyproject.toml declares them."""
        return self.project.get("project", {}).get("entry-points", {})

    def text(self, name: str) -> str:
        """A file of the folder; empty where there is none."""
        file = self.folder / name
        return file.read_text("utf-8", "replace")[:_LARGEST] if file.is_file() else ""

    def _hookspecs(self) -> Iterator[str]:
        for module in self.modules:
            for name, _ in module.imports:
                if name.endswith(".hookspecs") and name.startswith(_PREFIX):
                    yield name


def open_source(folder: Path) -> PluginSource:
    """Reads a plugin's folder; PluginRefused (ManifestRefused) when it has no such shape."""
    file = folder / MANIFEST
    if not file.is_file():
        raise PluginRefused(f"{folder} has no {MANIFEST}")
    manifest = parse_manifest(file.read_bytes(), folder)
    packages = sorted(path.parent for path in folder.glob("src/*/plugin.py"))
    if len(packages) != 1:
        raise PluginRefused(f"{folder}/src has {len(packages)} packages with a plugin.py, not one")
    (package,) = packages
    modules = tuple(_modules(folder, package))
    return PluginSource(folder, manifest, package, modules, _project(folder / "pyproject.toml"))


def _project(file: Path) -> dict[str, Any]:
    """A pyproject.toml whose dependencies can be read; empty where there is none."""
    if not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text("utf-8"))
        for one in table.get("project", {}).get("dependencies", ()):
            Requirement(one)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, InvalidRequirement) as error:
        raise PluginRefused(f"{file}: {error}") from None
    return table


def _modules(folder: Path, package: Path) -> Iterator[Module]:
    files = sorted(package.rglob("*.py"))
    if len(files) > _MOST_FILES:
        raise PluginRefused(f"{folder} has more than {_MOST_FILES} files of code")
    for file in files:
        path = file.relative_to(folder)
        if file.stat().st_size > _LARGEST:
            raise PluginRefused(f"{path} is larger than 1 MiB")
        try:
            yield Module(path, ast.parse(file.read_bytes()))
        except (SyntaxError, ValueError, RecursionError) as error:
            raise PluginRefused(f"{path} is no Python: {error}") from None
