"""All commands of `xianban`, and what the installed packages add to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points

import typer

from xianban_sdk.cli import (
    backups,
    doctor,
    events,
    importing,
    keys,
    master,
    moving,
    personal,
    plugin,
    processes,
    suite,
    units,
    upkeep,
)

__all__ = ["app", "run"]

app = typer.Typer(
    name="xianban",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Runs, feeds and inspects a Xianban district.",
)
_MODULES = (
    suite,
    processes,
    events,
    importing,
    keys,
    units,
    master,
    moving,
    backups,
    personal,
    plugin,
    upkeep,
    doctor,
)
for module in _MODULES:
    module.register(app)


def run() -> None:
    """Runs the command that was called."""
    for point in _wanted(sys.argv[1:]):
        added = point.load()
        if isinstance(added, typer.Typer):
            app.add_typer(added, name=point.name)
        else:
            app.command(point.name)(added)
    app()


def _wanted(arguments: Sequence[str]) -> Iterator[EntryPoint]:
    """Only the command that is called: a process of the suite must not load every package's."""
    ours = {command.name for command in app.registered_commands}
    ours |= {group.name for group in app.registered_groups}
    named = arguments[0] if arguments else ""
    if named in ours:
        return
    found = entry_points(group="xianban.cli")
    yield from [point for point in found if point.name == named] or found
