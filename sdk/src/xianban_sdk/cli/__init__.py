"""The command `xianban`."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["main"]

_SERVE: Final = ["plugin", "serve"]


def main() -> None:
    """Runs the command.

    A plugin's container has the memory of one plugin: to serve it, nothing else is loaded.
    """
    if sys.argv[1:3] == _SERVE:
        from xianban_sdk.cli.plugin.serve import run as serve

        serve(sys.argv[3:])
    from xianban_sdk.cli.commands import run

    run()
