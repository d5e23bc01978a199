"""`xianban plugin`: a vendor's way from an empty folder to a plugin in a district, and back out."""

from __future__ import annotations

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    # Here: `serve` alone is run without the others.
    from xianban_sdk.cli.plugin import check, dev, installing, ledger, new, packing, serve

    group = typer.Typer(no_args_is_help=True, help="Plugins: write, check, publish, install.")
    for module in (new, check, dev, packing, installing, serve, ledger):
        module.register(group)
    app.add_typer(group, name="plugin")
