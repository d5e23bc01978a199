"""Wakes notify's loops when there is something for them; they look by themselves too."""

from threading import Event
from typing import Final

# A message came in.
planner: Final = Event()
# An attempt waits for the worker.
dispatcher: Final = Event()

# What another process wrote is seen this late at most.
LOOK_SECONDS: Final = 0.25
