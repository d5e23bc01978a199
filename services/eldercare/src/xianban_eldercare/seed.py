"""The demo district's elders; done once."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import orjson
from xianban_sdk.app import Resources
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_eldercare.repository import MACHINE, CareFiles
from xianban_eldercare.repository.fences import Fences
from xianban_eldercare.repository.rows import CareFileRow
from xianban_eldercare.repository.whereabouts_rows import FenceRow
from xianban_eldercare.seed_assessments import assess
from xianban_eldercare.seed_catalogue import seed_catalogue
from xianban_eldercare.seed_organisations import seed_organisations
from xianban_eldercare.seed_referrals import seed_referral

__all__ = ["demo_data", "seed"]


def seed(resources: Resources) -> None:
    """For `Service(seed=…)`: the demo elders, and the organisations that care for them."""
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
    with opened as uow:
        written = demo_data()
        for elder in written["elder"]:
            if _care_file(uow, elder):
                _places(uow, elder)
                if "answers" in elder:
                    assess(uow, elder)
        seed_organisations(uow, written)
        for entry in written["referral"]:
            seed_referral(uow, entry)
        seed_catalogue(uow, written)


def demo_data() -> dict[str, list[dict[str, Any]]]:
    """The demo's elders as they are written down."""
    return tomllib.loads(files("xianban_eldercare").joinpath("demo.toml").read_text("utf-8"))


def _care_file(uow: UnitOfWork, elder: dict[str, Any]) -> bool:
    contacts = [
        {**contact, "person": person_id(contact["person"]) if contact.get("person") else ""}
        for contact in elder["contacts"]
    ]
    row = CareFileRow(
        resident=person_id(elder["alias"]),
        display_name=elder["name"],
        area=elder["area"],
        address=elder["address"],
        home=orjson.dumps(elder["home"]).decode(),
        living=elder["living"],
        care_level=elder["care_level"],
        contacts=orjson.dumps(contacts).decode(),
        conditions=orjson.dumps(elder["conditions"]).decode(),
        allergies=orjson.dumps(elder["allergies"]).decode(),
        station=elder["station"],
        version=1,
        updated_at=uow.clock.now(),
    )
    return CareFiles(uow.conn, MACHINE).add(row)


def _places(uow: UnitOfWork, elder: dict[str, Any]) -> None:
    for place in elder["places"]:
        row = FenceRow(
            id=uow.ids.new(),
            resident=person_id(elder["alias"]),
            display_name=place["name"],
            center=orjson.dumps(elder["home"] | {"accuracy_m": 0}).decode(),
            radius_m=place["radius_m"],
            start_minute=0,
            end_minute=0,
            active=True,
            version=1,
            updated_at=uow.clock.now(),
        )
        Fences(uow.conn, MACHINE).add(row)
