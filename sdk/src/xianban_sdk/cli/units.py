"""`xianban units DIR`: what systemd starts where two of every process share one machine."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from xianban_sdk.cli.console import console, fail
from xianban_sdk.settings import address_variable

if TYPE_CHECKING:
    from xianban_sdk.app import Service

__all__ = ["register"]

_TEMPLATE: Final = "xianban@.service"
_UNIT: Final = """[Service]
User=xianban
EnvironmentFile={directory}/common.env
EnvironmentFile={directory}/%i.env
RuntimeDirectory=xianban/%i
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
ExecStart={xianban} $ARGUMENTS
KillMode=mixed
TimeoutStopSec=60
Restart=always

[Install]
WantedBy=multi-user.target
"""
_RUN: Final = "/run/xianban"
_LANES: Final = ("", "streams", "safety")
_BOTH: Final = ("a", "b")
# Longer than Envoy and peers need to look away from one that is about to end.
_DRAIN: Final = "3"


@dataclass(frozen=True, slots=True)
class _Unit:
    """One process: its name after the @, its command's arguments, its own variables."""

    name: str
    arguments: str
    own: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What its file says. The portal's socket is the edge's way to it."""
        run = "edge" if self.name == "portal" else self.name
        return {"ARGUMENTS": self.arguments, "XIANBAN_RUN": f"{_RUN}/{run}", **self.own}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("units")(units)


def units(
    directory: Annotated[Path, typer.Argument(help="Beside xianban.toml, e.g. /etc/xianban.")],
    port: Annotated[
        int, typer.Option(min=1024, max=60000, help="The first of about fifty on loopback.")
    ] = 9000,
) -> None:
    """Writes systemd's template and the environments for two of every process on one machine."""
    from xianban_sdk.app import installed_services

    services = installed_services(None)
    ports = (f"127.0.0.1:{number}" for number in itertools.count(port))
    listens = {service.name: [_lanes(service, ports) for _ in _BOTH] for service in services}
    made = [*_pairs(listens, ports), *_singles()]
    directory = directory.absolute()
    unit = _UNIT.format(directory=directory, xianban=Path(sys.executable).with_name("xianban"))
    try:
        (directory / _TEMPLATE).write_text(unit, "utf-8")
        _write(directory / "common.env", _common(directory, listens))
        for one in made:
            _write(directory / f"{one.name}.env", one.environment)
    except OSError as error:
        fail(str(error))
    seconds = [one.name for one in made if one.name.endswith("-b")]
    firsts = [one.name for one in made if one.name not in seconds]
    console.print(f"✓ {len(made)} units, {directory}/{_TEMPLATE}", highlight=False)
    for names in (firsts, seconds):
        typer.echo("systemctl enable --now " + " ".join(f"xianban@{name}" for name in names))


def _lanes(service: Service, ports: Iterator[str]) -> dict[str, str]:
    lanes = (*_LANES, "http") if service.http else _LANES
    return {lane: next(ports) for lane in lanes}


def _pairs(listens: Mapping[str, list[dict[str, str]]], ports: Iterator[str]) -> Iterator[_Unit]:
    for service, both in listens.items():
        for letter, lanes in zip(_BOTH, both, strict=True):
            own = {address_variable(service, lane, "LISTEN"): at for lane, at in lanes.items()}
            own["XIANBAN_PROBE"] = next(ports)
            yield _Unit(f"{service}-{letter}", f"serve {service}", own)
    relayed = " ".join(listens)
    for letter in _BOTH:
        yield _Unit(f"relay-{letter}", f"relay {relayed}", {"XIANBAN_PROBE": next(ports)})
        for worker in sorted(point.name for point in entry_points(group="xianban.workers")):
            yield _Unit(f"worker-{worker}-{letter}", f"worker {worker}", {})


def _singles() -> Iterator[_Unit]:
    for process in sorted(point.name for point in entry_points(group="xianban.processes")):
        yield _Unit(process, f"process {process}", {})


def _common(directory: Path, listens: Mapping[str, list[dict[str, str]]]) -> dict[str, str]:
    told = {
        "XIANBAN_CONFIG": str(directory / "xianban.toml"),
        "XIANBAN_DRAIN": _DRAIN,
        "XIANBAN_RELAY": "0",
    }
    for service, (first, second) in listens.items():
        for lane, at in first.items():
            told[address_variable(service, lane, "ADDR")] = f"{at},{second[lane]}"
    return told


def _write(file: Path, variables: Mapping[str, str]) -> None:
    text = "".join(f"{name}={value}\n" for name, value in variables.items())
    file.write_text(text, "utf-8")
