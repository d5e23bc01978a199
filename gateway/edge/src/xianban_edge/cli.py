"""`xianban edge`: for an Envoy that somebody else runs, in a pod mostly."""

from __future__ import annotations

import os
import signal
import threading
from typing import Annotated

import typer
from xianban_sdk.settings import Settings

from xianban_edge.descriptors import descriptor_file, read
from xianban_edge.draining import drain as drain_envoy
from xianban_edge.envoy.files import render as rendered
from xianban_edge.envoy.files import write
from xianban_edge.process import edge_settings, installed

__all__ = ["edge"]

edge = typer.Typer(no_args_is_help=True, help="Envoy run by somebody else, e.g. in a pod.")


@edge.command()
def render() -> None:
    """Writes Envoy's configuration to RUN/edge; Envoy reads bootstrap.json there."""
    settings = Settings.load()
    edges = edge_settings(settings, os.environ)
    found = read(descriptor_file().read_bytes())
    for name in write(edges, rendered(edges, installed(settings), found)):
        typer.echo(edges.folder / name)


@edge.command()
def drain(
    seconds: Annotated[float, typer.Option(min=0, help="What running calls get to end.")] = 15.0,
    when_told: Annotated[
        bool, typer.Option("--when-told", help="Waits for SIGTERM first, beside Envoy in its pod.")
    ] = False,
) -> None:
    """Takes Envoy out of service: nobody new, and running calls end."""
    settings = Settings.load()
    if when_told:
        _wait_for_signal()
    drain_envoy(edge_settings(settings, os.environ), seconds)


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    told.wait()
