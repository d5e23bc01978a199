"""`xianban plugin build`, `sign`, `publish` and `revoke`: from a folder to an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from xianban_sdk.cli.console import console, print_json
from xianban_sdk.cli.options import Json
from xianban_sdk.cli.plugin.words import locale, refuse, refuse_manifest, say
from xianban_sdk.plugins import registry
from xianban_sdk.plugins.manifest import ManifestRefused, PluginRefused
from xianban_sdk.plugins.registry import RegistryRefused, Signature

__all__ = ["register", "signature_beside", "told"]

Key = Annotated[Path, typer.Option(help="The private key's file; made with `sign --new-key`.")]
Folder = Annotated[Path, typer.Argument(file_okay=False, help="The index's folder.")]
Wheel = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `build` wrote.")]


def register(group: typer.Typer) -> None:
    """Adds the commands."""
    group.command("build")(build)
    group.command("sign")(sign)
    group.command("publish")(publish)
    group.command("revoke")(revoke)


@contextmanager
def told() -> Iterator[None]:
    """A refusal ends the command with its sentence."""
    try:
        yield
    except ManifestRefused as error:
        refuse_manifest(error)
    except RegistryRefused as error:
        refuse("registry-refused", why=error.complaint.text(locale()))
    except (PluginRefused, OSError) as error:
        refuse("registry-refused", why=str(error))


def build(
    path: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A plugin's folder.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; PATH/dist.")] = None,
    as_json: Json = False,
) -> None:
    """Writes the plugin as one file; the same folder gives the same bytes."""
    with told():
        wheel = registry.build(path.absolute(), out or path / "dist")
        made = registry.open_archive(wheel)
    if as_json:
        print_json({"file": str(wheel), "sha256": made.sha256, "id": made.manifest.id})
        return
    console.print(f"✓ {wheel}", highlight=False)
    console.print(f"  sha256 {made.sha256}", highlight=False)


def sign(
    path: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="What `build` wrote.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The private key's file.")] = None,
    new_key: Annotated[
        Path | None, typer.Option(help="Makes a private key in this file, for its owner alone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Signs a plugin's file (FILE.sig lies beside it), or makes the key for it."""
    with told():
        if new_key is not None:
            public = registry.public_text(registry.make_key(new_key))
            _tell({"key": public, "file": str(new_key)}, as_json, f"✓ {new_key}: {public}")
            return
        if path is None or key is None:
            refuse("sign-needs")
        archive = registry.open_archive(path)
        signature = registry.sign(registry.read_key(key), archive.sha256.encode())
        file = path.with_name(f"{path.name}.sig")
        file.write_bytes(signature.dump())
    _tell({"file": str(file), "key": signature.key}, as_json, f"✓ {file}: {signature.key}")


def publish(
    folder: Folder,
    path: Wheel,
    key: Key,
    as_json: Json = False,
) -> None:
    """Adds a plugin to an index, a folder that any web server can hold."""
    with told():
        archive = registry.open_archive(path)
        own = signature_beside(path)
        if own is not None:
            registry.verify(own, archive.sha256.encode(), path.name)
        index = registry.publish(folder, archive, own, registry.read_key(key), _now())
    plugin, version = archive.manifest.id, archive.manifest.version
    standing = index.standing(plugin, version)
    facts = {"id": plugin, "version": version, "standing": standing.value, "indexKey": index.key}
    words = f"{plugin} {version}: {say(f'standing-{standing.value}')}"
    _tell(facts, as_json, f"✓ {words}\n  {say('index-key', key=index.key)}")


def revoke(
    folder: Folder,
    plugin: Annotated[str, typer.Argument(help="The plugin's id.")],
    versions: Annotated[str, typer.Argument(help='A range, e.g. "<1.2" or "==1.0.3".')],
    key: Key,
    reason: Annotated[str, typer.Option(help="Why, for operators to read.")],
    as_json: Json = False,
) -> None:
    """Revokes versions in an index: districts stop them when they refresh."""
    with told():
        registry.revoke(folder, plugin, versions, reason, registry.read_key(key), _now())
    facts = {"id": plugin, "versions": versions, "reason": reason}
    _tell(facts, as_json, f"✓ {plugin} {versions}: {say('standing-revoked')}")


def signature_beside(path: Path) -> Signature | None:
    """The signature that lies beside a plugin's file, if one does."""
    file = path.with_name(f"{path.name}.sig")
    return registry.read_signature(file.read_bytes(), file.name) if file.is_file() else None


def _tell(facts: dict[str, str], as_json: bool, words: str) -> None:
    if as_json:
        print_json(facts)
    else:
        console.print(words, highlight=False, markup=False)


def _now() -> datetime:
    return datetime.now(UTC)
