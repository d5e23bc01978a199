"""Flags that several commands share; each mirrors an `XIANBAN_…` variable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xianban_sdk.cli.console import fail
from xianban_sdk.settings import Settings

__all__ = ["Broker", "Data", "Database", "Json", "load"]

Data = Annotated[
    Path | None, typer.Option(help="Where databases, keys and logs live [XIANBAN_DATA].")
]
Database = Annotated[
    str | None,
    typer.Option(help="PostgreSQL URL; without it SQLite files under --data [XIANBAN_DATABASE]."),
]
Broker = Annotated[
    str | None,
    typer.Option(help="RabbitMQ URL; without it the in-process bus [XIANBAN_BROKER]."),
]
Json = Annotated[bool, typer.Option("--json", help="Prints JSON for machines.")]


def load(**flags: Any) -> Settings:
    """Reads the settings; a bad one ends the command with a sentence naming it."""
    try:
        return Settings.load(flags)
    except (ValueError, OSError) as error:
        fail(str(error))
