"""A plugin to begin with: a package that loads, is tested and documented, for any hook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jinja2

from xianban_sdk.carrying import purposes_of
from xianban_sdk.hook_versions import order, since_of
from xianban_sdk.plugins.domains import Domain
from xianban_sdk.plugins.manifest import MANIFEST
from xianban_sdk.plugins.scaffold.checks import tests_source
from xianban_sdk.plugins.scaffold.code import plugin_source

__all__ = ["Wish", "write_plugin"]

_PACKAGE: Final = "xianban_plugin_"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a vendor wants to begin with."""

    id: str
    domain: Domain
    hooks: Sequence[str]
    vendor: str
    contact: str
    licence: str

    @property
    def since(self) -> str:
        """The first API version that has all of the hooks."""
        return max((since_of(self.domain.specs[name]) for name in self.hooks), key=order)

    @property
    def package(self) -> str:
        """The import name."""
        return _PACKAGE + self.id.replace("-", "_")


def write_plugin(path: Path, wish: Wish) -> list[Path]:
    """Writes the package and returns its files; FileExistsError where something lies already."""
    if path.exists() and any(path.iterdir()):
        raise FileExistsError(str(path))
    written: list[Path] = []
    for name, text in _files(wish):
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        written.append(file)
    # A link: whoever builds a wheel of the package packs the manifest with it.
    link = path / "src" / wish.package / MANIFEST
    link.symlink_to(Path("..", "..", MANIFEST))
    return [*written, link]


def _files(wish: Wish) -> Iterator[tuple[str, str]]:
    environment = jinja2.Environment(  # noqa: S701 - it writes TOML and Markdown, no HTML
        loader=jinja2.FunctionLoader(_template), keep_trailing_newline=True, trim_blocks=True
    )
    specs = wish.domain.specs
    purposes = sorted({purpose for hook in wish.hooks for purpose in purposes_of(specs[hook])})
    facts: dict[str, Any] = {"wish": wish, "docs": _docs(wish), "purposes": purposes}
    for name in ("pyproject.toml", MANIFEST, "README.md", "CHANGELOG.md", "quality.toml"):
        yield name, environment.get_template(name).render(facts)
    yield ".gitignore", "__pycache__/\n.venv/\ndist/\n*.key\n"
    source = f"src/{wish.package}"
    yield f"{source}/__init__.py", f'"""{wish.id}: a plugin for {wish.domain.name}."""\n'
    yield f"{source}/py.typed", ""
    about = (wish.domain, wish.hooks, wish.id, wish.package)
    yield f"{source}/plugin.py", plugin_source(*about)
    yield "tests/test_plugin.py", tests_source(*about)


def _template(name: str) -> str:
    return resources.files(__name__).joinpath("templates", f"{name}.j2").read_text("utf-8")


def _docs(wish: Wish) -> dict[str, str]:
    found = {name: wish.domain.specs[name].__doc__ or "" for name in wish.hooks}
    return {name: doc.strip().splitlines()[0] for name, doc in found.items()}
