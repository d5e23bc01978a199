"""Which of the installed plugins do the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from xianban_sdk.plugins import Hooks

from xianban_identity.hookspecs import CodeSender, DeviceFactor, SecondFactor

__all__ = ["Chosen", "Factor", "chosen_sender", "second_factors"]

Factor: TypeAlias = SecondFactor | DeviceFactor


@dataclass(frozen=True, slots=True)
class Chosen:
    """The code sender in use, and the plugin it came from."""

    plugin: str
    sender: CodeSender


def chosen_sender(hooks: Hooks, wanted: str, *, demo: bool) -> Chosen:
    """The sender by its id, else the demo's screen in a demo, else the first real one."""
    found = [
        Chosen(result.plugin, result.value)
        for result in hooks.registered("register_code_sender")
        if demo or not result.value.demo_only
    ]
    # In a demo the screen comes first, outside it is not even in the list.
    found.sort(key=lambda one: not one.sender.demo_only)
    for one in found:
        if not wanted or one.sender.id == wanted:
            return one
    raise RuntimeError(
        f"no code sender {wanted!r}: install a plugin with register_code_sender, or set "
        "code_sender in identity.toml"
    )


def second_factors(hooks: Hooks) -> tuple[Factor, ...]:
    """All of them; a person enrols what they like."""
    return tuple(result.value for result in hooks.registered("register_second_factor"))
