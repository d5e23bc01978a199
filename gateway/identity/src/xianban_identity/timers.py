"""What the clock does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from xianban_sdk.app import Resources
from xianban_sdk.storage import Timer, UnitOfWork

from xianban_identity.domain.passkeys import CHALLENGE_LIFE
from xianban_identity.handlers.delegations import END_TIMER, end_by_clock
from xianban_identity.oidc import keys
from xianban_identity.repository import credentials, passkeys, signins
from xianban_identity.settings import IdentitySettings

__all__ = ["clean_later", "timers"]

CLEAN_TIMER = "forget-old-credentials"
_CLEAN_EVERY = timedelta(hours=1)
_KEEP_SIGNINS = timedelta(days=1)
_KEEP_SPENT = timedelta(days=30)


def timers(resources: Resources) -> dict[str, Callable[..., Any]]:
    """For `Service(timers=…)`."""
    settings = IdentitySettings.load(resources.settings)

    def end_delegation(timer: Timer, *, uow: UnitOfWork) -> None:
        end_by_clock(timer.key, uow=uow)

    def rotate_keys(timer: Timer, *, uow: UnitOfWork) -> None:
        keys.rotate(uow, settings.key_period)

    return {END_TIMER: end_delegation, keys.ROTATE_TIMER: rotate_keys, CLEAN_TIMER: clean}


def clean(timer: Timer, *, uow: UnitOfWork) -> None:
    """Forgets what has no use any more, and comes again."""
    now = uow.clock.now()
    credentials.forget_old(uow.conn, now, now - _KEEP_SPENT)
    signins.forget_old(uow.conn, now - _KEEP_SIGNINS)
    passkeys.forget_old(uow.conn, now - CHALLENGE_LIFE)
    clean_later(uow)


def clean_later(uow: UnitOfWork) -> None:
    """The next cleaning."""
    uow.schedule(CLEAN_TIMER, "", uow.clock.now() + _CLEAN_EVERY)
