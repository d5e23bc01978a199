"""`python -m xianban_identity` runs identity alone."""

from xianban_sdk.app import serve
from xianban_sdk.settings import Settings

from xianban_identity.app import app

if __name__ == "__main__":
    serve([app], Settings.load())
