"""`python -m xianban_eldercare` serves elder care alone."""

from xianban_sdk.app import serve
from xianban_sdk.settings import Settings

from xianban_eldercare.app import app

if __name__ == "__main__":
    serve([app], Settings.load())
