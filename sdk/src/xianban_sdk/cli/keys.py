"""`xianban keys`: what the processes of an installation prove themselves with, made beforehand."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from xianban_sdk.cli.console import console, fail
from xianban_sdk.settings import Settings

__all__ = ["register"]

# Those that make no gRPC call need no certificate; the embedded MQTT broker is for a laptop.
_BESIDE: Final = ("edge", "portal", "uplink")
_SECRETS: Final = ("master", "mqtt-uplink", "notify-receipts")
_PREFIX: Final = "xianban"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("keys")(keys)


def keys(
    directory: Annotated[Path, typer.Argument(help="Where they are kept; keep it safe.")],
    process: Annotated[
        list[str] | None, typer.Option(help="A process; without it all services and gateways.")
    ] = None,
    secret: Annotated[
        list[str] | None, typer.Option(help="A plugin's secret besides, e.g. notify-webpush.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How long certificates hold.")] = 365,
    renew: Annotated[bool, typer.Option(help="Makes certificates anew, never the keys.")] = False,
    kubernetes: Annotated[
        bool, typer.Option(help="Prints them as Secrets for `kubectl apply -f -`.")
    ] = False,
) -> None:
    """Makes workload keys, certificates and the installation's secrets; what is there is kept."""
    names = sorted(process or [*(p.name for p in entry_points(group="xianban.services")), *_BESIDE])
    try:
        # What is said of it goes beside the Secrets, not among them.
        with redirect_stdout(sys.stderr):
            life, secrets = timedelta(days=days), (*_SECRETS, *(secret or ()))
            made = dict(_all(directory.absolute(), names, secrets, life, renew=renew))
    except (OSError, ValueError) as error:
        fail(str(error))
    if kubernetes:
        for name, files in made.items():
            typer.echo("---\n" + json.dumps(_secret(name, files), indent=1))
        return
    for name, files in made.items():
        console.print(f"✓ {name}: {', '.join(sorted(files))}", highlight=False)


def _all(
    directory: Path,
    names: Sequence[str],
    secrets: Sequence[str],
    life: timedelta,
    *,
    renew: bool,
) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """Secret name → its files; each Secret is a directory of the same name."""
    from xianban_sdk.authority import Authority
    from xianban_sdk.identity.workload import load_or_create_key
    from xianban_sdk.inside import workload_name
    from xianban_sdk.signatures import installed_secret

    authority = Authority(directory / "ca")
    settings = Settings(keys=directory / f"{_PREFIX}-secrets")
    for name in secrets:
        installed_secret(name, settings)
    yield settings.keys.name, _read(settings.keys)
    for name in names:
        own = directory / f"{_PREFIX}-{name}-key"
        load_or_create_key(own, name)
        yield own.name, _read(own)
        tls = directory / f"{_PREFIX}-{name}-tls"
        if renew or not (tls / "tls.crt").exists():
            _write(tls, authority.issue(workload_name(name), life))
        yield tls.name, _read(tls)


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in files.items():
        path = directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)


def _read(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def _secret(name: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    kind = "kubernetes.io/tls" if "tls.crt" in files else "Opaque"
    data = {file: base64.b64encode(content).decode() for file, content in files.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": kind,
        "data": data,
    }
