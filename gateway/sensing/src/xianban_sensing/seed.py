"""The demo district's devices; done once. Their secrets are public: demo districts only."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

from xianban_sdk.app import Resources
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_sensing import events
from xianban_sensing.domain.devices import Device, State
from xianban_sensing.plugins import Models, models_of
from xianban_sensing.repository import MACHINE, Devices
from xianban_sensing.secret_hashes import sealed

__all__ = ["DEMO_SECRET", "demo_data", "seed"]

DEMO_SECRET: Final = "xianban-demo"  # noqa: S105 - printed with the demo's log-ins


def seed(resources: Resources) -> None:
    """For `Service(seed=…)`: devices, each bound to its demo person or home."""
    models = models_of(resources.hooks)
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
    with opened as uow:
        for device in demo_data()["device"]:
            if device["model"] in models:
                _device(uow, device, models)


def demo_data() -> dict[str, list[dict[str, Any]]]:
    """The demo's devices as they are written down."""
    return tomllib.loads(files("xianban_sensing").joinpath("demo.toml").read_text("utf-8"))


def _device(uow: UnitOfWork, given: dict[str, Any], models: Models) -> None:
    devices = Devices(uow.conn, MACHINE)
    if devices.find(given["id"]) is not None:
        return
    subject = given.get("subject") or f"residents/{person_id(given['person'])}"
    made = Device(
        id=given["id"],
        model=given["model"],
        display_name=given["name"],
        organisation=given["organisation"],
        area=given["area"],
        state=State.ACTIVE,
        secret_hash=sealed(DEMO_SECRET),
        created_at=uow.clock.now(),
        subject=subject,
        domain=given["domain"],
        bound_at=uow.clock.now(),
    )
    devices.add(made)
    events.tell_bound(made, models, uow)
