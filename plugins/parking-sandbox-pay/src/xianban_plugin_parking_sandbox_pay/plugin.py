"""The hook this plugin implements."""

from __future__ import annotations

from typing import Final

from xianban_parking.hookspecs import PaymentProvider, hookimpl
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

from xianban_plugin_parking_sandbox_pay.provider import SandboxProvider

__all__ = ["SECRET", "register_payment"]

SECRET: Final = "parking-sandbox-pay"  # noqa: S105 - the secret's name, not the secret


@hookimpl
def register_payment() -> list[PaymentProvider]:
    """The sandbox, in demo districts only."""
    settings = Settings.load()
    if not settings.demo:
        return []
    secret = installed_secret(SECRET, settings)
    return [SandboxProvider(secret, settings.issuer, reach=settings.inside)]
