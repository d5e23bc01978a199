"""`python -m xianban_parking` serves parking alone."""

from xianban_sdk.app import serve
from xianban_sdk.settings import Settings

from xianban_parking.app import app

if __name__ == "__main__":
    serve([app], Settings.load())
