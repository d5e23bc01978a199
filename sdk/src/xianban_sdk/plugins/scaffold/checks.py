"""Writes ``tests/test_plugin.py``: it loads, and each method answers as it stands."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from xianban_sdk.carrying import mark_of
from xianban_sdk.plugins.domains import Domain
from xianban_sdk.plugins.scaffold.code import class_name, import_lines
from xianban_sdk.plugins.scaffold.reading import Method, Specs, capability_of, plain
from xianban_sdk.plugins.scaffold.values import answer, call_lines, sample

__all__ = ["tests_source"]


def tests_source(domain: Domain, hooks: Iterable[str], plugin_id: str, package: str) -> str:
    """The module's text, formatted."""
    specs = Specs(domain.module)
    found = [specs.hook(name) for name in hooks]
    tests = [text for hook in found for text in _tests(specs, domain, hook, plugin_id)]
    body = "\n\n\n".join(tests)
    constants = "\n".join(_constants(specs, found))
    words = set(re.findall(r"[A-Za-z_]+", constants + body)) - {"plugin"}
    more = ["import pytest"] if "pytest." in body else []
    own = f"from xianban_{domain.name} import hookspecs"
    head = [
        '"""What it promises; what is not written yet says so."""\n',
        *_standard(words),
        *import_lines(specs, domain, specs.own(words), *more, own),
    ]
    # The SDK comes behind the domain's name, the plugin's own last, as isort has it.
    names = "NOBODY, build" if "NOBODY" in body else "build"
    text = "\n".join(head).rstrip("\n") + f"\nfrom xianban_sdk.plugins import {names}\n"
    text = _in_order(text)
    return f"{text}\nfrom {package} import plugin\n\n{constants}\n\n\n{body}\n".replace(
        "import plugin\n\n\n\n\n", "import plugin\n\n\n"
    )


def _in_order(text: str) -> str:
    first, blank, last = text.rstrip("\n").rpartition("\n\n")
    plain_imports = [line for line in last.split("\n") if line.startswith("import ")]
    others = last.split("\n")[len(plain_imports) :]
    return first + blank + "\n".join([*plain_imports, *_blocks(others)]) + "\n"


def _blocks(lines: list[str]) -> list[str]:
    """Import statements sorted by module; one may have several lines."""
    joined = re.findall(r"from [^\n(]+\([^)]*\)|from [^\n]+", "\n".join(lines))
    return sorted(joined, key=lambda one: one.split()[1])


def _standard(words: set[str]) -> Iterator[str]:
    wanted = {"UTC", "datetime"} if "NOW" in words else set[str]()
    wanted |= words & {"timedelta"}
    if wanted:
        names = sorted(wanted, key=lambda name: (not name.isupper(), name))
        yield f"from datetime import {', '.join(names)}"
    if "Path" in words:
        yield "from pathlib import Path"
    if wanted or "Path" in words:
        yield ""


def _constants(specs: Specs, hooks: Iterable[Method]) -> Iterator[str]:
    asked = {
        name: plain(hint)
        for hook in hooks
        for method in _methods(specs, hook)
        for name, hint in _nested(method.parameters)
    }
    built = {name: "\n".join(call_lines(hint)) for name, hint in asked.items()}
    used = "".join(built.values()) + "".join(
        sample(h, n)
        for hook in hooks
        for m in _methods(specs, hook)
        for n, h in m.parameters.items()
    )
    if "NOW" in used:
        yield "NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)"
    yield from (f"{name.upper()} = {text}" for name, text in built.items())


def _nested(hints: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Dataclasses, those inside others first."""
    for name, hint in hints.items():
        if dataclasses.is_dataclass(plain(hint)):
            yield from _nested(typing.get_type_hints(plain(hint)))
            yield name, hint


def _methods(specs: Specs, hook: Method) -> list[Method]:
    protocol = capability_of(hook)
    return [hook, *(specs.methods(protocol) if protocol else ())]


def _tests(specs: Specs, domain: Domain, hook: Method, plugin_id: str) -> Iterator[str]:
    call = "registered" if hook.name.startswith("register_") else "each"
    words = [f'"{hook.name}"', *(f"{n}={sample(h, n)}" for n, h in hook.parameters.items())]
    if mark_of(domain.specs[hook.name]):
        words.append("about=NOBODY")
    hooks = f'build("{domain.name}", hookspecs, [plugin])'
    yield (
        f"def test_the_suite_takes_up_{hook.name}() -> None:\n"
        f"    hooks = {hooks}\n"
        f"    (result,) = hooks.{call}({', '.join(words)})\n"
        "    assert result.error is None"
    )
    protocol = capability_of(hook)
    for method in specs.methods(protocol) if protocol else ():
        yield _method_test(method, class_name(plugin_id, typing.cast("type", protocol)))


def _method_test(method: Method, name: str) -> str:
    call = f"made.{method.name}({', '.join(sample(h, n) for n, h in method.parameters.items())})"
    told = answer(method)
    head, made = f"def test_{method.name}_", f"    made = plugin.{name}()\n"
    if told is None:
        check = f"    with pytest.raises(NotImplementedError):\n        {call}"
        return f"{head}is_not_written_yet() -> None:\n{made}{check}"
    if told.startswith("raise"):
        check = f"    with pytest.raises(PermissionError):\n        {call}"
        return f"{head}refuses_whoever_does_not_prove_itself() -> None:\n{made}{check}"
    return f"{head}answers() -> None:\n{made}    {_assertion(told, method, call)}"


def _assertion(told: str, method: Method, call: str) -> str:
    value = told.removeprefix("return ")
    if value == "iter(())":
        return f"assert list({call}) == []"
    if value in {"False", "None"}:
        return f"assert {call} is {value}"
    for name in method.parameters:
        value = re.sub(rf"\b{name}\.", f"{name.upper()}.", value)
    return f"assert {call} == {value}"
