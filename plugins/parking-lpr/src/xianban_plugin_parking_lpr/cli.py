"""`xianban gate send`: plays a camera at a gate of the running suite."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

from xianban_plugin_parking_lpr.plugin import SECRET
from xianban_plugin_parking_lpr.sender import Answer, send

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Gates: play a licence-plate camera.")


class Direction(StrEnum):
    """Which way the vehicle passes."""

    IN = "in"
    OUT = "out"


@app.callback()
def gate() -> None:
    """Gates: play a licence-plate camera."""


@app.command("send")
def send_passage(
    lot: Annotated[str, typer.Option(help="The car park's id, e.g. fengpu-metro-pr.")],
    plate: Annotated[str, typer.Option(help="The plate as the camera reads it, e.g. 沪A12345.")],
    direction: Annotated[Direction, typer.Option(help="Which way the vehicle passes.")],
    token: Annotated[str, typer.Option(help="The reservation's gate token, if shown.")] = "",
    gate_name: Annotated[str, typer.Option("--gate", help="Which gate.")] = "gate-1",
    event_id: Annotated[
        str, typer.Option(help="The camera's own id; the same again is the same passage.")
    ] = "",
    url: Annotated[str | None, typer.Option(help="The gateway [XIANBAN_ISSUER].")] = None,
    data: Annotated[Path | None, typer.Option(help="The suite's data [XIANBAN_DATA].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Prints JSON for machines.")] = False,
) -> None:
    """Sends one signed passage and prints what the gate is told."""
    settings = Settings.load({"data": data, "issuer": url})
    try:
        answer = send(
            settings.issuer,
            installed_secret(SECRET, settings),
            lot=lot,
            plate=plate,
            direction=direction.value,
            token=token,
            gate=gate_name,
            event_id=event_id,
        )
    except httpx.HTTPError as error:
        typer.echo(f"✗ {settings.issuer} does not answer: {error}", err=True)
        raise typer.Exit(1) from None
    _print(answer, as_json)
    if not answer.taken:
        raise typer.Exit(1)


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(dict(answer.body), ensure_ascii=False))
    elif answer.taken:
        typer.echo(f"✓ {answer.command}: {answer.body.get('display', '')}")
    else:
        typer.echo(f"✗ HTTP {answer.status}: {answer.reason}", err=True)
