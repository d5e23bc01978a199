"""The command `xianban`."""

from __future__ import annotations

from importlib.metadata import entry_points

import typer

from xianban_sdk.cli import events, importing, processes, suite, upkeep

__all__ = ["main"]

app = typer.Typer(
    name="xianban",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Runs, feeds and inspects a Xianban district.",
)
for module in (suite, processes, events, importing, upkeep):
    module.register(app)


def main() -> None:
    """Runs the command, with what the installed packages add to it."""
    for point in entry_points(group="xianban.cli"):
        added = point.load()
        if isinstance(added, typer.Typer):
            app.add_typer(added, name=point.name)
        else:
            app.command(point.name)(added)
    app()
