"""`xianban token`: a demo person's access token, from the running suite."""

from __future__ import annotations

from typing import Annotated

import typer
from xianban_sdk.cli.console import fail
from xianban_sdk.cli.options import Data, load
from xianban_sdk.demo import PEOPLE
from xianban_sdk.errors import NotFound, Unavailable

from xianban_identity.demo import issue_token

__all__ = ["token"]


def token(
    person: Annotated[str, typer.Option("--as", metavar="PERSON", help=", ".join(PEOPLE))],
    audience: Annotated[str, typer.Option(metavar="NAME", help="The service, e.g. parking.")],
    strong: Annotated[
        bool, typer.Option("--strong", help="As after a stronger log-in (step-up).")
    ] = False,
    data: Data = None,
) -> None:
    """Prints an access token of a demo person; demo districts only."""
    if person not in PEOPLE:
        fail(f"--as: there is no demo person {person!r}.", hint=f"There are: {', '.join(PEOPLE)}.")
    try:
        typer.echo(issue_token(load(data=data), person, audience, strong=strong))
    except NotFound:
        fail(f"--audience: nothing is called {audience!r}, or this is no demo district.")
    except Unavailable:
        fail("No suite is running here.", hint="Start it with `make up`, or name its --data.")
