"""What a hook asks of its plugin, read from the hookspecs' source and type hints."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, NoneType, UnionType
from typing import Any, cast

__all__ = ["Attribute", "Method", "Specs", "capability_of", "plain"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A data attribute of a capability."""

    name: str
    annotation: str
    hint: Any
    doc: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a capability, or a hook."""

    name: str
    signature: str
    """As the hookspecs write it, without decorator and body."""
    hints: dict[str, Any]
    doc: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Hints by name, without the answer's."""
        return {name: hint for name, hint in self.hints.items() if name != "return"}


class Specs:
    """The source of one hookspecs module."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.source = inspect.getsource(module)
        self._lines = self.source.splitlines()
        self._tree = ast.parse(self.source)

    def attributes(self, protocol: type) -> Iterator[Attribute]:
        """Those that its class body declares, with what is written beside them."""
        home = self._home(protocol)
        if home is not self:
            yield from home.attributes(protocol)
            return
        hints = typing.get_type_hints(protocol)
        body = self._class(protocol.__name__).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name, annotation = node.target.id, ast.unparse(node.annotation)
                doc = _text(after) or self._comment_above(node.lineno)
                yield Attribute(
                    name, self._written(node.annotation) or annotation, hints[name], doc
                )

    def methods(self, protocol: type) -> Iterator[Method]:
        """Its methods, in order."""
        home = self._home(protocol)
        for node in home._class(protocol.__name__).body:
            if isinstance(node, ast.FunctionDef):
                yield home._method(node, getattr(protocol, node.name))

    def hook(self, name: str) -> Method:
        """One hook."""
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return self._method(node, getattr(self.module, name))
        raise LookupError(name)

    def imports(self, names: set[str]) -> Iterator[tuple[str, str]]:
        """(module, name) of those names that the hookspecs import, or who writes for them."""
        found: dict[str, str] = {}
        for home in (self, *self._others()):
            for node in home._tree.body:
                if isinstance(node, ast.ImportFrom) and node.module:
                    for one in node.names:
                        found.setdefault(one.name, node.module)
        yield from ((module, name) for name, module in found.items() if name in names)

    def own(self, names: set[str]) -> set[str]:
        """Those names that a plugin imports from the hookspecs: all but the hooks themselves."""
        hooks = {node.name for node in self._tree.body if isinstance(node, ast.FunctionDef)}
        return names & set(cast("list[str]", self.module.__all__)) - hooks

    def _home(self, protocol: type) -> Specs:
        """Where it is written: shapes that several domains use lie in the SDK."""
        if protocol.__module__ == self.module.__name__:
            return self
        return Specs(sys.modules[protocol.__module__])

    def _others(self) -> Iterator[Specs]:
        """The SDK's modules whose shapes these hookspecs name as theirs."""
        named = [getattr(self.module, name) for name in self.module.__all__]
        homes = {one.__module__ for one in named if inspect.isclass(one)}
        for home in sorted(homes - {self.module.__name__}):
            yield Specs(sys.modules[home])

    def _class(self, name: str) -> ast.ClassDef:
        found = (n for n in self._tree.body if isinstance(n, ast.ClassDef) and n.name == name)
        return next(found)

    def _method(self, node: ast.FunctionDef, function: Callable[..., Any]) -> Method:
        first = node.body[0].lineno
        text = "\n".join(self._lines[node.lineno - 1 : first - 1])
        signature = text.partition("  # ")[0].rstrip()
        hints = typing.get_type_hints(function)
        return Method(node.name, signature, hints, ast.get_docstring(node, clean=True) or "")

    def _written(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.source, node) or ""

    def _comment_above(self, number: int) -> str:
        found: list[str] = []
        while (line := self._lines[number - 2].strip()).startswith("#"):
            found.insert(0, line.lstrip("# "))
            number -= 1
        return " ".join(found)


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def plain(hint: Any) -> Any:
    """The first that is not None of a union; other hints as they are."""
    if typing.get_origin(hint) in (typing.Union, UnionType):
        return next(one for one in typing.get_args(hint) if one is not NoneType)
    return hint


def capability_of(hook: Method) -> type | None:
    """The Protocol whose objects the hook brings, if it brings any."""
    hint = plain(hook.hints.get("return"))
    if typing.get_origin(hint) is list:
        (hint,) = typing.get_args(hint)
    return hint if isinstance(hint, type) and getattr(hint, "_is_protocol", False) else None
