"""A plugin's process: `python -I -m xianban_sdk.sandbox CONTROL DOOR LANE…`, all open sockets.

It is told what to be on the control socket, confines itself, loads the plugin, and answers calls
until the host is gone.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
import sys

from xianban.plugin.v1.plugin_pb2 import Failure, FromPlugin, Hook, Ready, Start, ToPlugin

from xianban_sdk.sandbox.confinement import confine
from xianban_sdk.sandbox.context import LinesToHost
from xianban_sdk.sandbox.doorway import open_doorway
from xianban_sdk.sandbox.frames import MOST_REQUEST, Closed, Reader, send
from xianban_sdk.sandbox.lanes import Lane
from xianban_sdk.sandbox.loading import implementations, load
from xianban_sdk.sandbox.session import Session
from xianban_sdk.sandbox.streams import failure


def main(control: socket.socket, door: socket.socket, lanes: list[socket.socket]) -> None:
    """Runs until the control socket is closed."""
    said = Reader(control, ToPlugin, MOST_REQUEST)
    start = said.read().start
    ready = Ready(confinement=confine(start))
    if not start.entry:
        # Only to learn what this machine gives.
        send(control, FromPlugin(ready=ready))
        return
    os.chdir(start.scratch)
    sys.path[:] = [*start.paths, *sys.path, start.hookspecs_path]
    lines = LinesToHost(lambda told: send(control, told))
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[lines])
    open_doorway(door if start.dials else None)
    try:
        session = _session(start, ready)
    except BaseException as error:
        refused = failure(error)
        refused.kind = Failure.KIND_REFUSED
        send(control, FromPlugin(failure=refused))
        return
    answering = [Lane(lane, session) for lane in lanes]
    for lane in answering:
        lane.start()
    send(control, FromPlugin(ready=ready))
    while True:
        answering[said.read().cancel.lane].cancel()


def _session(start: Start, ready: Ready) -> Session:
    hookspecs = importlib.import_module(start.hookspecs)
    found = implementations(hookspecs, load(start.entry), start.plugin)
    for name, one in found.items():
        ready.hooks.append(Hook(name=name, arguments=one.argnames))
    return Session(hookspecs, found, start.bounds.reply_bytes)


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[1:]]
    opened = [socket.socket(fileno=number) for number in numbers]
    for end in opened:
        # A host on eventlet made them otherwise; the flag is the socket's, not the process's.
        end.setblocking(True)
    try:
        main(opened[0], opened[1], opened[2:])
    except Closed:
        # At once: a plugin's own threads must not keep a process that nobody asks any more.
        os._exit(0)
