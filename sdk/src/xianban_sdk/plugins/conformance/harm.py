"""Rules of bronze that are read from the files: whether it fits, and what it could do."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from importlib.util import find_spec
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement

from xianban_sdk.hook_versions import order, removed_from, since_of
from xianban_sdk.plugins.complaints import Complaint
from xianban_sdk.plugins.conformance.scale import Finding
from xianban_sdk.plugins.conformance.source import Module, PluginSource
from xianban_sdk.plugins.manifest import MANIFEST

__all__ = ["brought_by_the_sdk", "read_harm"]

# What reaches the network, by the module that gives it.
_NETWORK: Final = frozenset(
    {
        *("socket", "ssl", "socketserver", "http.client", "http.server", "urllib.request"),
        *("smtplib", "ftplib", "imaplib", "poplib", "telnetlib", "xmlrpc.client", "asyncio"),
        *("httpx", "httpcore", "requests", "aiohttp", "websockets"),
    }
)
_PROCESSES: Final = frozenset(
    {"cffi", "ctypes", "mmap", "multiprocessing", "pty", "signal", "subprocess"}
)
_CALLS: Final = re.compile(
    r"os\.(fork|forkpty|system|popen|_exit|abort|kill|killpg|setuid|exec\w*|spawn\w*|posix_spawnp?)"
)
_SYSTEM: Final = re.compile(r"^/(etc|proc|sys|root|home|dev|var|usr|boot|run|opt)(/|$)")
_ADDRESS: Final = re.compile(
    r"(?:https?|wss?|smtps?|mqtts?|ftp)://(?:[^\s/@]*@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,})(?::(\d+))?"
)
_PORTS: Final = {"http": 80, "ws": 80, "smtp": 25, "smtps": 465, "mqtt": 1883, "mqtts": 8883}
# Names that stand for no host: reserved for examples and schemas.
_NO_HOST: Final = (".example", ".invalid", ".test", "example.com", "example.org", "example.net")
_SDK: Final = "xianban-sdk"


def read_harm(source: PluginSource) -> Iterator[Finding]:
    """What breaks a rule of bronze; a manifest that can be read is taken for granted."""
    for check in (_package, _hooks, _api, _imports, _hosts, _processes, _files, _licence):
        yield from check(source)


def _found(rule: str, where: str, key: str, field: str = "", **params: str) -> Finding:
    return Finding(rule, where, Complaint(field, key, params))


def _package(source: PluginSource) -> Iterator[Finding]:
    carried = source.package / MANIFEST
    own = source.folder / MANIFEST
    if carried.is_file() and carried.read_bytes() != own.read_bytes():
        where = str(carried.relative_to(source.folder))
        yield _found("package", where, "found-other-manifest")
    for group, points in source.entry_points.items():
        for name, entry in points.items():
            ours = group in {f"xianban.{one.name}" for one in source.domains}
            if ours and (name, entry) != (source.manifest.id, source.entry):
                wanted = f"{source.manifest.id} = {source.entry}"
                yield _found("package", "pyproject.toml", "found-entry-point", wanted=wanted)


def _hooks(source: PluginSource) -> Iterator[Finding]:
    known, declared = source.domain.specs, source.declared
    removed = removed_from(source.domain.module)
    written = dict(_implementations(source))
    for name, (where, arguments) in written.items():
        if name in removed:
            gone = {"hook": name, "version": removed[name].version, "use": removed[name].use}
            yield _found("hooks", where, "found-removed-hook", **gone)
        elif name not in known:
            params = {"hook": name, "domain": source.domain.name, "known": ", ".join(known)}
            yield _found("hooks", where, "found-no-hook", **params)
        elif extra := arguments - inspect.signature(known[name]).parameters.keys():
            yield _found("hooks", where, "found-no-argument", hook=name, name=min(extra))
        elif name not in declared:
            yield _found("hooks", where, "found-undeclared-hook", "hooks", hook=name)
    for name in sorted(declared - written.keys()):
        yield _found("hooks", MANIFEST, "found-unwritten-hook", "hooks", hook=name)


def _implementations(source: PluginSource) -> Iterator[tuple[str, tuple[str, set[str]]]]:
    """Functions of the entry module that are marked as hooks of this domain."""
    entry = next(m for m in source.modules if m.path.name == "plugin.py")
    others = _markers_of_others(source, entry)
    for node in entry.nodes:
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = {_marker(one) for one in node.decorator_list} - others
        if any(one.endswith("hookimpl") for one in marks):
            arguments = {one.arg for one in node.args.args} - {"self"}
            yield node.name, (entry.at(node), arguments)


def _marker(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _markers_of_others(source: PluginSource, entry: Module) -> frozenset[str]:
    """How the module calls the `hookimpl` of the plugin's other domains."""
    others = {one.import_name for one in source.domains if one is not source.domain}
    found: set[str] = set()
    for node in entry.nodes:
        if isinstance(node, ast.Import):
            modules = [one for one in node.names if one.name in others]
            found |= {f"{one.asname or one.name}.hookimpl" for one in modules}
        if isinstance(node, ast.ImportFrom) and node.module in others:
            named = [one for one in node.names if one.name == "hookimpl"]
            found |= {one.asname or one.name for one in named}
    return frozenset(found)


def _api(source: PluginSource) -> Iterator[Finding]:
    manifest, api = source.manifest, source.domain.api
    if not manifest.accepts(api):
        yield _found("api", MANIFEST, "found-wrong-api", "api", range=manifest.api, api=api)
    if not manifest.since or "<" not in manifest.api:
        yield _found("api", MANIFEST, "found-open-api", "api", range=manifest.api)
        return
    for name in sorted(manifest.hooks & source.domain.specs.keys()):
        came = since_of(source.domain.specs[name])
        if order(came) > order(manifest.since):
            told = {"hook": name, "since": came, "range": manifest.api}
            yield _found("api", MANIFEST, "found-too-new", "api", **told)


def _imports(source: PluginSource) -> Iterator[Finding]:
    allowed = _allowed(source)
    for module in source.modules:
        for name, node in module.imports:
            key = _import_fault(name, source, allowed)
            if key:
                yield _found("imports", module.at(node), key, module=name)


def _import_fault(name: str, source: PluginSource, allowed: frozenset[str]) -> str:
    root = name.split(".")[0]
    if root in sys.stdlib_module_names or root == source.package.name:
        return ""
    for one in source.domains:
        if root == one.import_name.split(".")[0]:
            return "" if name == one.import_name else "found-service-import"
    if root == "xianban_sdk":
        private = any(part.startswith("_") for part in name.split("."))
        return "found-private-import" if private or not _exists(name) else ""
    if find_spec(root) is None:
        return "found-missing-import"
    return "" if root in allowed else "found-undeclared-import"


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _allowed(source: PluginSource) -> frozenset[str]:
    """Import names of what the SDK brings and of what the package says it needs."""
    declared = source.project.get("project", {}).get("dependencies", ())
    names = {_same(Requirement(one).name) for one in declared} | brought_by_the_sdk()
    by_import: Mapping[str, list[str]] = packages_distributions()
    return frozenset(root for root, dists in by_import.items() if names & set(map(_same, dists)))


def brought_by_the_sdk() -> set[str]:
    """Distributions that are there wherever a plugin runs."""
    try:
        needed = requires(_SDK) or ()
    except PackageNotFoundError:
        return set()
    return {_SDK, *(_same(Requirement(one).name) for one in needed if "extra ==" not in one)}


def _same(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _hosts(source: PluginSource) -> Iterator[Finding]:
    declared = source.manifest.hosts
    for module in source.reached:
        reaching = [(name, node) for name, node in module.imports if name in _NETWORK]
        for name, node in reaching if not declared else ():
            yield _found("hosts", module.at(node), "found-network", "hosts", module=name)
        if reaching and "*" not in declared:
            yield from _addresses(module, frozenset(declared))


def _addresses(module: Module, declared: frozenset[str]) -> Iterator[Finding]:
    for node, text in module.texts:
        for match in _ADDRESS.finditer(text[:2000]):
            scheme, name = match.group(0).partition(":")[0], match.group(1).lower()
            host = f"{name}:{match.group(2) or _PORTS.get(scheme, 443)}"
            if host not in declared and not name.endswith(_NO_HOST):
                yield _found("hosts", module.at(node), "found-host", "hosts", host=host)


def _processes(source: PluginSource) -> Iterator[Finding]:
    for module in source.reached:
        for name, node in module.imports:
            if name.split(".")[0] in _PROCESSES:
                yield _found("processes", module.at(node), "found-process", what=name)
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and _CALLS.fullmatch(ast.unparse(node)):
                yield _found("processes", module.at(node), "found-process", what=ast.unparse(node))


def _files(source: PluginSource) -> Iterator[Finding]:
    for module in source.reached:
        for node, text in module.texts:
            if _SYSTEM.match(text) and " " not in text:
                yield _found("files", module.at(node), "found-path", path=text[:80])


def _licence(source: PluginSource) -> Iterator[Finding]:
    try:
        canonicalize_license_expression(source.manifest.licence)
    except InvalidLicenseExpression:
        told = source.manifest.licence
        yield _found("licence", MANIFEST, "found-no-licence", "licence", licence=told)
