"""The hook this plugin implements."""

from __future__ import annotations

from xianban_parking.hookspecs import CameraEvents, hookimpl
from xianban_sdk.signatures import installed_secret

from xianban_plugin_public_city_eye.onvif import OnvifNotifications

__all__ = ["SECRET", "register_camera_events"]

SECRET = "public-city-eye"  # noqa: S105 - the secret's name, not the secret


@hookimpl
def register_camera_events() -> list[CameraEvents]:
    """ONVIF notifications, proved by the installation's secret."""
    return [OnvifNotifications(installed_secret(SECRET))]
