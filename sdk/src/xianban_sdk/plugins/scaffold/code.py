"""Writes ``plugin.py``: a class per capability with the methods that the domain asks for."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from xianban_sdk.plugins.domains import Domain
from xianban_sdk.plugins.scaffold.reading import Attribute, Method, Specs, capability_of
from xianban_sdk.plugins.scaffold.values import answer, attribute_value

__all__ = ["class_name", "import_lines", "plugin_source"]

_WIDTH: Final = 96


def plugin_source(domain: Domain, hooks: Iterable[str], plugin_id: str, package: str) -> str:
    """The module's text, formatted."""
    specs, found = Specs(domain.module), [Specs(domain.module).hook(name) for name in hooks]
    parts = [part for hook in found for part in _hook_parts(specs, hook, plugin_id, package)]
    body = "\n\n\n".join(parts)
    words = _names(body)
    exported = sorted([*(hook.name for hook in found), *_classes(specs, found, plugin_id)])
    return "\n".join(
        [
            f'"""What {plugin_id} brings to {domain.name}."""\n',
            "from __future__ import annotations\n",
            *import_lines(specs, domain, words),
            f"__all__ = [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in _sorted(exported))}]",
            "\n",
            body + "\n",
        ]
    )


def import_lines(specs: Specs, domain: Domain, words: set[str], *more: str) -> Iterator[str]:
    """The imports of these words: the standard library's, then the domain's (and `more`)."""
    by_module: dict[str, list[str]] = {}
    for module, name in specs.imports(words - specs.own(words)):
        by_module.setdefault(module, []).append(name)
    for module, names in sorted(by_module.items()):
        yield f"from {module} import {', '.join(_sorted(names))}"
    if by_module:
        yield ""
    own = _sorted(specs.own(words))
    lines = [*more, *(_wrapped(f"from {domain.import_name} import", own) if own else ())]
    yield from lines
    yield ""


def class_name(plugin_id: str, protocol: type) -> str:
    """A name of its own, e.g. "AcmeMetersFeed"."""
    camel = "".join(word.capitalize() for word in plugin_id.split("-"))
    ends = camel.endswith(protocol.__name__) and camel != protocol.__name__
    return camel if ends else f"{camel}{protocol.__name__}"


def _classes(specs: Specs, hooks: Iterable[Method], plugin_id: str) -> list[str]:
    return [class_name(plugin_id, p) for hook in hooks if (p := capability_of(hook))]


def _hook_parts(specs: Specs, hook: Method, plugin_id: str, package: str) -> Iterator[str]:
    protocol = capability_of(hook)
    if protocol is None:
        yield _function(hook, answer(hook) or "", "")
        return
    name = class_name(plugin_id, protocol)
    yield "\n".join(_class(specs, protocol, name, plugin_id, package))
    listed = hook.signature.endswith("]:")
    yield _function(hook, f"return [{name}()]" if listed else f"return {name}()", "")


def _class(specs: Specs, protocol: type, name: str, plugin_id: str, package: str) -> Iterator[str]:
    yield f"class {name}:"
    yield f'    """{_first_line(protocol.__doc__)}"""\n'
    for attribute in specs.attributes(protocol):
        yield from _attribute(attribute, plugin_id, package)
    for method in specs.methods(protocol):
        told = answer(method)
        body = told or f'raise NotImplementedError("{method.name} is not written yet")'
        yield ""
        yield _method(method, body)


def _attribute(attribute: Attribute, plugin_id: str, package: str) -> Iterator[str]:
    if attribute.doc:
        yield textwrap.fill(
            attribute.doc, _WIDTH, initial_indent="    # ", subsequent_indent="    # "
        )
    annotated = f"    {attribute.name}: {attribute.annotation}"
    if attribute.name == "names":
        title = plugin_id.replace("-", " ").capitalize()
        yield f'{annotated} = {{\n        "zh-CN": "{title}",\n        "en": "{title}",\n    }}'
        return
    yield f"{annotated} = {attribute_value(attribute, plugin_id, package)}"


def _method(method: Method, body: str) -> str:
    doc = textwrap.indent(f'"""{method.doc}"""', " " * 8)
    return f"{method.signature}\n{doc}\n        {body}"


def _function(hook: Method, body: str, indent: str) -> str:
    doc = textwrap.indent(f'"""{_first_line(hook.doc)}"""', "    ")
    lines = ["@hookimpl", hook.signature, doc, *([f"    {body}"] if body else [])]
    return textwrap.indent("\n".join(lines), indent)


def _wrapped(head: str, names: list[str]) -> Iterator[str]:
    line = f"{head} {', '.join(names)}"
    if len(line) <= 100:
        yield line
        return
    yield f"{head} ("
    yield from (f"    {name}," for name in names)
    yield ")"


def _sorted(names: Iterable[str]) -> list[str]:
    # As ruff's isort and its rule on __all__ do: constants, classes, the rest.
    return sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]


def _names(source: str) -> set[str]:
    """What the code names; comments and docstrings name nothing."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
