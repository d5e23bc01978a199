"""The one version of all that is released together: the file VERSION.

`tools/version.py` names what says another one; `tools/version.py 0.2.0` writes it everywhere:
packages, first-party plugins' manifests, the chart. What is frozen under tests/ stays as it was.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parent.parent
LINE = re.compile(r'^(version|appVersion)( = |: )"?([^"\n]+)"?$', re.MULTILINE)


def places(root: Path) -> Iterator[Path]:
    """Every file that says the version, besides VERSION itself."""
    for pattern in (
        "protos/pyproject.toml",
        "sdk/pyproject.toml",
        "services/*/pyproject.toml",
        "gateway/*/pyproject.toml",
        "plugins/*/pyproject.toml",
        "plugins/*/plugin.toml",
        "helm/*/Chart.yaml",
    ):
        yield from sorted(root.glob(pattern))


def released(root: Path = ROOT) -> str:
    """What VERSION says."""
    return (root / "VERSION").read_text("utf-8").strip()


def others(root: Path = ROOT) -> list[str]:
    """Each place that says another version, as "file: what it says"."""
    return [
        f"{path.relative_to(root)}: {told}"
        for path in places(root)
        for _, _, told in LINE.findall(path.read_text("utf-8"))
        if told != released(root)
    ]


def write(root: Path, version: str) -> None:
    """Says it everywhere, and to the lock file."""
    (root / "VERSION").write_text(f"{version}\n", "utf-8")
    for path in places(root):
        text = path.read_text("utf-8")
        path.write_text(LINE.sub(lambda found: _line(found, version), text), "utf-8")
    subprocess.run([root / ".venv-uv/bin/uv", "lock", "--quiet"], cwd=root, check=True)


def _line(found: re.Match[str], version: str) -> str:
    quoted = f'"{version}"' if found[0].endswith('"') else version
    return f"{found[1]}{found[2]}{quoted}"


def main(wanted: str = "") -> None:
    if wanted:
        try:
            write(ROOT, str(Version(wanted)))
        except InvalidVersion:
            sys.exit(f"{wanted} is no version")
    if different := others():
        sys.exit("\n".join([f"VERSION says {released()}, but", *different]))


if __name__ == "__main__":
    main(*sys.argv[1:])
