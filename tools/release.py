"""Makes a release of what is committed: `make release KEY=release.key`; docs/operations/release.md.

Everything is built twice, in two folders, at two times, under other masks and file times, and must
be the same to the byte: what a district downloads can be made again by anybody.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import orjson
from version import others, places, released
from xianban_sdk.plugins import registry

ROOT: Final = Path(__file__).parent.parent
UV: Final = ROOT / ".venv-uv/bin/uv"
HELM: Final = ROOT / ".venv-chart/bin/helm"
SUMS: Final = "SHA256SUMS"
# Apart by more than the two seconds that a zip's clock can tell.
PAUSE: Final = 2.1


@dataclass(frozen=True, slots=True)
class Release:
    """What is made, of which sources."""

    version: str
    commit: str
    time: int
    """Of the commit: whatever is built carries this one time."""
    key: Path | None

    @property
    def when(self) -> datetime:
        """The same, as an instant."""
        return datetime.fromtimestamp(self.time, UTC)


def make(release: Release, out: Path) -> None:
    """Builds twice, compares, and leaves one of the two in `out`."""
    with tempfile.TemporaryDirectory(prefix="xianban-release-") as name:
        first, second = Path(name, "a"), Path(name, "elsewhere", "b")
        build(release, first, mask=0o022)
        time.sleep(PAUSE)
        build(release, second, mask=0o077)
        if different := differing(first / "dist", second / "dist"):
            sys.exit("\n".join(["built twice, these differ:", *different]))
        tell("built twice, in two folders and at two times: the same bytes")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(first / "dist", out, copy_function=shutil.copyfile)


def build(release: Release, place: Path, mask: int) -> None:
    """Exports the sources into `place`, builds into `place`/dist."""
    old = os.umask(mask)
    try:
        source, out = place / "source", place / "dist"
        out.mkdir(parents=True)
        export(release, source)
        packages(source, out, release)
        (out / "requirements.txt").write_text(requirements(source, release), "utf-8")
        (out / f"xianban-{release.version}.cdx.json").write_bytes(bill(source, release))
        (out / "CHANGES.md").write_text(changes(source, release.version), "utf-8")
        chart(source, out, release)
        index(source, out / "index", release)
        sums(out, release)
    finally:
        os.umask(old)


def export(release: Release, into: Path) -> None:
    """The committed files; their times are those of the export, so that none can be relied on."""
    into.mkdir(parents=True)
    packed = run("git", "archive", release.commit, cwd=ROOT)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(into, filter="data")
    for path in into.rglob("*"):
        os.utime(path, follow_symlinks=False)


def packages(source: Path, out: Path, release: Release) -> None:
    """Wheel and sdist of every package."""
    run(UV, "build", "--quiet", "--all-packages", "--out-dir", out, cwd=source, time=release.time)
    (out / ".gitignore").unlink(missing_ok=True)


def requirements(source: Path, release: Release) -> str:
    """Every package of the suite and of others in the one version that was tested."""
    locked = run(
        UV, "export", "--quiet", "--frozen", "--no-dev", "--all-packages", "--no-hashes",
        "--no-emit-workspace", "--no-annotate", "--no-header", cwd=source,
    ).decode()  # fmt: skip
    ours = [f"{name}=={release.version}" for name in suite(source)]
    return "\n".join([*ours, *locked.splitlines(), ""])


def suite(source: Path) -> list[str]:
    """The names of the suite's own packages."""
    return sorted(named(path) for path in places(source) if path.name == "pyproject.toml")


def named(project: Path) -> str:
    """A package's name."""
    found = re.search(r'^name = "([^"]+)"', project.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else sys.exit(f"{project} has no name")


def bill(source: Path, release: Release) -> bytes:
    """What the suite is made of (CycloneDX), without what would differ from run to run."""
    table = orjson.loads(
        run(
            UV, "export", "--quiet", "--frozen", "--no-dev", "--all-packages",
            "--format", "cyclonedx1.5", cwd=source,
        )
    )  # fmt: skip
    table["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, f'xianban:{release.commit}')}"
    table["metadata"]["timestamp"] = release.when.isoformat()
    return orjson.dumps(table, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def changes(source: Path, version: str) -> str:
    """The version's section of CHANGELOG.md; a release without one is refused."""
    text = (source / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(version)}\b.*?(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        sys.exit(f"CHANGELOG.md has no section {version}")
    return found[0].rstrip() + "\n"


def chart(source: Path, out: Path, release: Release) -> None:
    """The chart as helm packs it, with the commit's time in place of the clock's."""
    with tempfile.TemporaryDirectory() as name:
        run(HELM, "package", "helm/xianban", "--destination", name, cwd=source)
        (packed,) = Path(name).glob("*.tgz")
        (out / packed.name).write_bytes(timeless(packed, release.time))


def timeless(packed: Path, when: int) -> bytes:
    """The same files, in order, of one time and of nobody."""
    plain, made = io.BytesIO(), io.BytesIO()
    with tarfile.open(packed) as old, tarfile.open(fileobj=plain, mode="w") as new:
        for entry in sorted(old.getmembers(), key=lambda one: one.name):
            entry.mtime, entry.mode, entry.uid, entry.gid = when, 0o644, 0, 0
            entry.uname = entry.gname = ""
            new.addfile(entry, old.extractfile(entry))
    with gzip.GzipFile("", "wb", fileobj=made, mtime=when) as file:
        file.write(plain.getvalue())
    return made.getvalue()


def index(source: Path, out: Path, release: Release) -> None:
    """The first-party plugins as `xianban plugin install --index` takes them; only with a key."""
    if release.key is None:
        return
    key = registry.read_key(release.key)
    with tempfile.TemporaryDirectory() as name:
        for folder in sorted((source / "plugins").glob("*/plugin.toml")):
            archive = registry.open_archive(registry.build(folder.parent, Path(name)))
            signature = registry.sign(key, archive.sha256.encode())
            registry.publish(out, archive, signature, key, release.when)


def sums(out: Path, release: Release) -> None:
    """The hash of each file, and the key's signature over them, for sha256sum and openssl."""
    lines = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in of(out))
    (out / SUMS).write_text(lines, "utf-8")
    if release.key is not None:
        signature = registry.read_key(release.key).sign(lines.encode())
        (out / f"{SUMS}.sig").write_bytes(signature)


def of(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name below the folder, file), by name."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return ((path.relative_to(folder).as_posix(), path) for path in sorted(files))


def differing(one: Path, other: Path) -> list[str]:
    """The files that are not the same in both."""
    first, second = (
        {name: sha256(path.read_bytes()).hexdigest() for name, path in of(folder)}
        for folder in (one, other)
    )
    return sorted(name for name in first.keys() | second if first.get(name) != second.get(name))


def run(*command: str | Path, cwd: Path, time: int | None = None) -> bytes:
    """What a command writes; its own words end the release when it fails."""
    told = {} if time is None else {"SOURCE_DATE_EPOCH": str(time)}
    done = subprocess.run(command, cwd=cwd, env=os.environ | told, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout


def tell(words: str) -> None:
    """A line for whoever makes the release."""
    print(words, flush=True)


def planned(key: Path | None, commit: str) -> Release:
    """The release of a commit, after what would make it a wrong one is ruled out."""
    if wrong := others():
        sys.exit("\n".join([f"VERSION says {released()}, but", *wrong]))
    moment = run("git", "show", "--no-patch", "--format=%ct", commit, cwd=ROOT)
    full = run("git", "rev-parse", commit, cwd=ROOT).decode().strip()
    return Release(released(), full, int(moment), key)


def warn(release: Release) -> None:
    """What still keeps this from being a release."""
    if run("git", "status", "--porcelain", cwd=ROOT):
        tell("! what is not committed is not in it")
    if "unreleased" in changes(ROOT, release.version).splitlines()[0].lower():
        tell(f"! CHANGELOG.md calls {release.version} unreleased: this is a rehearsal")
    if release.key is None:
        tell(
            "! no KEY: neither index nor signature; `xianban plugin sign --new-key FILE` makes one"
        )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key", type=Path, help="the release's private key (Ed25519)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--commit", default="HEAD")
    chosen = parser.parse_args(arguments)
    release = planned(chosen.key, chosen.commit)
    warn(release)
    make(release, chosen.out)
    files = sum(1 for _ in of(chosen.out))
    tell(f"{release.version} of {release.commit[:12]}: {files} files in {chosen.out}")
    if release.key is not None:
        tell(f"the key is {registry.public_text(registry.read_key(release.key))}")


if __name__ == "__main__":
    main(sys.argv[1:])
