"""Which of the installed plugins do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from xianban_sdk.errors import Unavailable
from xianban_sdk.plugins import Capability, Hooks
from xianban_sdk.settings import Settings

from xianban_identity.hookspecs import CodeSender, DeviceFactor, SecondFactor, Setup
from xianban_identity.settings import IdentitySettings

__all__ = [
    "CAPABILITIES",
    "Chosen",
    "Factor",
    "ask_factor",
    "begin_set_up",
    "choosable",
    "chosen_sender",
    "second_factors",
]

Factor: TypeAlias = SecondFactor | DeviceFactor
Told = TypeVar("Told")
# Hashes are slow on purpose, and a set-up makes ten; who takes longer hangs.
_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The code sender in use, and the plugin it came from."""

    plugin: str
    sender: CodeSender


def chosen_sender(hooks: Hooks, wanted: str, *, demo: bool) -> Chosen | None:
    """The sender by its id, else the demo's screen in a demo, else the first real one.

    None: there is none, and nobody can log in by a code; passkeys and federation go on.
    """
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
    return None


def second_factors(hooks: Hooks) -> tuple[Factor, ...]:
    """All of them; a person enrols what they like."""
    return tuple(result.value for result in hooks.registered("register_second_factor"))


def choosable(factors: Iterable[Factor]) -> SecondFactor | None:
    """What a person without any can choose on the spot."""
    return next((one for one in factors if not isinstance(one, DeviceFactor)), None)


def begin_set_up(
    factor: DeviceFactor, issuer: str, account: str, *, person: str, hooks: Hooks
) -> Setup:
    """A fresh set-up for somebody who asks for it; Unavailable when the plugin has none."""
    return ask_factor(
        hooks, factor, "factor.begin", lambda: factor.begin(issuer, account), about=person
    )


def ask_factor(
    hooks: Hooks, factor: Factor, what: str, call: Callable[[], Told], *, about: str | None = None
) -> Told:
    """What its plugin answers. Never inside a transaction: it may take its time.

    ValueError is its answer to what was typed, whatever else it raises Unavailable.
    """
    found = hooks.registered("register_second_factor")
    plugin = next((one.plugin for one in found if one.value is factor), "")
    result = hooks.run(plugin, what, call, _SECONDS, about=about)
    if isinstance(result.error, ValueError):
        raise result.error
    if result.error is not None:
        raise Unavailable("FACTOR_UNAVAILABLE")
    return result.value


def _is_usable(sender: CodeSender, settings: Settings) -> bool:
    wanted = IdentitySettings.load(settings).code_sender
    return (settings.demo or not sender.demo_only) and wanted in ("", sender.id)


CAPABILITIES = (
    Capability("register_code_sender", "missing-code-sender", _is_usable),
    Capability("register_second_factor", "missing-second-factor"),
)
