"""Serves notify alone: `python -m xianban_notify`."""

from xianban_sdk.app import serve
from xianban_sdk.settings import Settings

from xianban_notify.app import app

serve([app], Settings.load())
