"""The hook this plugin implements."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from xianban_parking.hookspecs import Concession, ConcessionRequest, hookimpl

from xianban_plugin_parking_concessions.rules import Rule, read_rules

__all__ = ["tariff_concessions"]


@hookimpl
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:
    """Every concession of concessions.toml whose conditions hold."""
    return [rule.concession for rule in _rules() if rule.applies(request)]


@cache
def _rules() -> tuple[Rule, ...]:
    return read_rules(
        files("xianban_plugin_parking_concessions").joinpath("concessions.toml").read_text("utf-8")
    )
