"""Reaches the admin sockets of a running suite, or of services opened just for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import grpc
from xianban.common.v1.admin_pb2_grpc import AdminServiceStub

from xianban_sdk.cli.console import fail
from xianban_sdk.settings import Settings

__all__ = ["admin", "district", "running_admin", "services"]


def services(settings: Settings, only: str | None = None) -> list[str]:
    """The services whose upkeep is asked for; an unknown name ends the command."""
    from xianban_sdk.app import installed_services

    names = [service.name for service in installed_services(None)]
    if only is None:
        return names
    if only not in names:
        fail(f"There is no service {only!r}.", hint=f"There are: {', '.join(names)}.")
    return [only]


@contextmanager
def admin(settings: Settings, service: str) -> Iterator[AdminServiceStub]:
    """A stub on the service's admin socket; opens the service's database when nothing runs."""
    from xianban_sdk.admin import opened

    if _running(settings, service):
        with _stub(settings, service) as stub:
            yield stub
        return
    with opened([service], settings), _stub(settings, service) as stub:
        yield stub


@contextmanager
def district(settings: Settings, *, relay: bool = False) -> Iterator[dict[str, AdminServiceStub]]:
    """A stub on every service's admin socket; those that do not run are opened together.

    With `relay` what one of those tells the others leaves at once, not at the end.
    """
    from xianban_sdk.admin import opened

    names = services(settings)
    absent = [name for name in names if not _running(settings, name)]
    with ExitStack() as held:
        if absent:
            held.enter_context(opened(absent, settings, relay=relay))
        yield {name: held.enter_context(_stub(settings, name)) for name in names}


@contextmanager
def running_admin(settings: Settings, service: str) -> Iterator[AdminServiceStub | None]:
    """A stub on the service's admin socket; None when it does not run."""
    if not _running(settings, service):
        yield None
        return
    with _stub(settings, service) as stub:
        yield stub


@contextmanager
def _stub(settings: Settings, service: str) -> Iterator[AdminServiceStub]:
    with grpc.insecure_channel(f"unix:{settings.socket(service, 'admin')}") as channel:
        try:
            yield AdminServiceStub(channel)
        except grpc.RpcError as error:
            fail(f"{service}: {error.details()}")  # type: ignore[attr-defined] # grpc.Call


def _running(settings: Settings, service: str) -> bool:
    path = settings.socket(service, "admin")
    if not path.exists():
        return False
    with grpc.insecure_channel(f"unix:{path}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=1)
        except grpc.FutureTimeoutError:
            return False
    return True
