"""The hook this plugin implements, and its configuration."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from xianban_eldercare.hookspecs import PlaybookSource, hookimpl
from xianban_sdk.settings import Settings

from xianban_plugin_public_playbooks.emergency import EmergencySystem
from xianban_plugin_public_playbooks.files import Documents, id_of, samples

__all__ = ["configured", "register_playbook"]

CONFIG: Final = Path("plugins", "public-playbooks.toml")
_DISTRICT: Final = {"zh-CN": "本区预案", "en": "The district's playbooks"}
_SAMPLES: Final = {"zh-CN": "贤办示例预案", "en": "Samples of Xianban"}


@hookimpl
def register_playbook() -> list[PlaybookSource]:
    """The district's own first, then its emergency system's, then samples of what nobody wrote."""
    file = Settings.load().data / CONFIG
    return configured(tomllib.loads(file.read_text("utf-8")) if file.is_file() else {})


def configured(config: dict[str, Any]) -> list[PlaybookSource]:
    """The sources of a configuration."""
    own: list[Any] = config.get("playbook", [])
    replaced = set(map(id_of, own))
    found: list[PlaybookSource] = []
    if own:
        found.append(Documents("district", _DISTRICT, own))
    if config.get("url"):
        found.append(EmergencySystem(str(config["url"])))
    if config.get("samples", True):
        left = [one for one in samples() if one["id"] not in replaced]
        found.append(Documents("samples", _SAMPLES, left))
    return found
