"""The hooks this plugin implements."""

from __future__ import annotations

from xianban_parking.hookspecs import Gate, hookimpl
from xianban_sdk.signatures import installed_secret

from xianban_plugin_parking_lpr.dialects import read_flat, read_nested
from xianban_plugin_parking_lpr.gate import LprGate

__all__ = ["SECRET", "register_gate"]

SECRET = "parking-lpr"  # noqa: S105 - the secret's name, not the secret


@hookimpl
def register_gate() -> list[Gate]:
    """One gate kind per camera dialect, both proved by the installation's secret."""
    secret = installed_secret(SECRET)
    return [LprGate("lpr", secret, read_flat), LprGate("lpr-nested", secret, read_nested)]
