"""What the command says, to people and to machines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import orjson
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["console", "fail", "print_json", "print_table"]

console = Console()
_errors = Console(stderr=True)


def fail(message: str, *, hint: str = "") -> NoReturn:
    """Ends the command with exit code 1 and a sentence that says what to do."""
    _errors.print("[bold red]✗[/]", escape(message), highlight=False)
    if hint:
        _errors.print(f"  {escape(hint)}", highlight=False)
    raise typer.Exit(1)


def print_json(value: Any) -> None:
    """Prints one JSON document for machines."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Prints rows for people."""
    table = Table(box=SIMPLE)
    for column in columns:
        # Ids and times are there to be copied: they are folded, never cut.
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text as it stands: what a plugin or a file says in brackets must not paint or break it.
        table.add_row(*(escape(str(row[column])) for column in columns))
    console.print(table)
