"""`python -m xianban_sdk.cli`."""

from xianban_sdk.cli import main

main()
