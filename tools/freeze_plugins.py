"""Keeps plugins as this minor of the SDK builds them: `make freeze`, with a release.

tests/matrix/<minor>/<domain>/ is what `xianban plugin new` writes for every hook of the domain, or
what lies in tests/matrix/own/ for it; beside it the wheel that `xianban plugin build` makes, and
what it answers. tests/matrix runs them on every later host. What is frozen is never written again.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from xianban_sdk.hook_versions import deprecation_of
from xianban_sdk.plugins import build
from xianban_sdk.plugins.domains import Domain, domain, domain_names
from xianban_sdk.plugins.registry import build as build_wheel
from xianban_sdk.plugins.scaffold import Wish, write_plugin
from xianban_sdk.testing.matrix import answers

MATRIX = Path(__file__).parent.parent / "tests" / "matrix"


def minor() -> str:
    """Of the SDK here, e.g. "0.1"."""
    return ".".join(version("xianban-sdk").split(".")[:2])


def main() -> None:
    into = MATRIX / minor()
    for name in domain_names():
        if not (into / name).exists():
            freeze(domain(name), into)
            print(f"tests/matrix/{minor()}/{name}")


def freeze(found: Domain, into: Path) -> None:
    """Writes, builds and asks one domain's plugin."""
    hooks = [name for name, spec in found.specs.items() if deprecation_of(spec) is None]
    wish = Wish(
        id=f"matrix-{minor().replace('.', '-')}-{found.name}",
        domain=found,
        hooks=hooks,
        vendor="Xianban",
        contact="plugins@example.org",
        licence="Apache-2.0",
    )
    folder = into / found.name
    write_plugin(folder, wish)
    fill(folder, wish)
    build_wheel(folder, into)
    told = json.dumps(asked(folder, wish), indent=1, ensure_ascii=False, sort_keys=True)
    (into / f"{found.name}.json").write_text(told + "\n", "utf-8")


def fill(folder: Path, wish: Wish) -> None:
    """Code of our own in place of the scaffold's, where there is some; its tests stay behind."""
    own = MATRIX / "own" / f"{wish.domain.name}.py"
    if own.is_file():
        text = own.read_text("utf-8").replace("MATRIX_ID", wish.id)
        (folder / "src" / wish.package / "plugin.py").write_text(text, "utf-8")
    for left in ("tests", ".gitignore", "CHANGELOG.md", "README.md", "quality.toml"):
        path = folder / left
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def asked(folder: Path, wish: Wish) -> dict[str, object]:
    """What it answers in process, here and now."""
    sys.path.insert(0, str(folder / "src"))
    hooks = build(wish.domain.name, wish.domain.module, [import_module(f"{wish.package}.plugin")])
    with tempfile.TemporaryDirectory() as place:
        return answers(hooks, wish.domain, wish.id, Path(place))


if __name__ == "__main__":
    main()
