"""Serves the registry alone: `python -m xianban_sensing`."""

from xianban_sdk.app import serve
from xianban_sdk.settings import Settings

from xianban_sensing.app import app

if __name__ == "__main__":
    serve([app], Settings.load())
