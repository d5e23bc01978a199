"""The hook this plugin implements."""

from __future__ import annotations

from importlib.resources import files

from xianban_parking.hookspecs import Geocoder, hookimpl

from xianban_plugin_parking_gazetteer.gazetteer import Gazetteer, read_places

__all__ = ["register_geocoder"]


@hookimpl
def register_geocoder() -> list[Geocoder]:
    """The gazetteer of Fengxian."""
    text = files("xianban_plugin_parking_gazetteer").joinpath("places.toml").read_text("utf-8")
    return [Gazetteer(read_places(text))]
