"""All commands of `xianban`, and what the installed packages add to them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import typer

__all__ = ["COMMANDS", "command_line", "run"]

# By module. Every process of a suite begins here: it loads the command that is called, no other.
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "suite": ("up",),
    "processes": ("serve", "relay", "worker", "process", "migrate", "seed"),
    "events": ("events",),
    "importing": ("import",),
    "keys": ("keys",),
    "units": ("units",),
    "master": ("master",),
    "moving": ("migrate-to",),
    "backups": ("backup", "restore"),
    "personal": ("data",),
    "plugin": ("plugin",),
    "upkeep": ("audit",),
    "doctor": ("doctor",),
}


def run() -> None:
    """Runs the command that was called."""
    command_line(sys.argv[1] if len(sys.argv) > 1 else "")()


def command_line(named: str = "") -> typer.Typer:
    """The program with the command of this name alone; with all, where there is no such one."""
    app = typer.Typer(name="xianban", no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_program)
    modules = [module for module, commands in COMMANDS.items() if named in commands]
    points = entry_points(group="xianban.cli")
    added = [point for point in points if point.name == named]
    if not modules and not added:
        modules, added = list(COMMANDS), list(points)
    for module in modules:
        import_module(f"xianban_sdk.cli.{module}").register(app)
    for point in added:
        _add(app, point)
    return app


def _program() -> None:
    """Runs, feeds and inspects a Xianban district."""


def _add(app: typer.Typer, point: EntryPoint) -> None:
    command = point.load()
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=point.name)
    else:
        app.command(point.name)(command)
