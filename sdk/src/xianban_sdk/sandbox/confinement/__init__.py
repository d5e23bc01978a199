"""What holds a plugin's process: applied by itself, before any of the plugin's code is read."""

from xianban_sdk.sandbox.confinement.applying import CPU_SECONDS, FEATURES, confine

__all__ = ["CPU_SECONDS", "FEATURES", "confine"]
