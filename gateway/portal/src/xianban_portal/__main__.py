"""Serves the portal: `python -m xianban_portal`."""

from xianban_portal.app import run

run()
