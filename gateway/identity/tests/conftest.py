"""A provider on its own database, with the demo's people."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from xianban_identity import hookspecs
from xianban_identity.install import install
from xianban_identity.oidc.clients import Clients
from xianban_identity.oidc.provider import Provider
from xianban_identity.own import OwnFacts
from xianban_identity.seed import DEMO_PIN, enrol_demo, seed_people
from xianban_identity.settings import IdentitySettings
from xianban_identity.testing import ISSUER, Browser, Client
from xianban_plugin_identity_pin import plugin as pin
from xianban_plugin_identity_screen_code import plugin as screen_code
from xianban_plugin_identity_totp import plugin as totp
from xianban_sdk import plugins
from xianban_sdk.clock import ManualClock
from xianban_sdk.disclosures import Disclosures
from xianban_sdk.http_side import HttpSide
from xianban_sdk.identity.workload import load_or_create_key
from xianban_sdk.ids import Ids, SeededIds
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, Keyring, install_keys, migrate, open_unit_of_work
from xianban_sdk.testing import START
from xianban_sdk.testing.ports import free_port


class Loopback:
    """An address on this machine, known before anybody listens there."""

    def __init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"

    @contextmanager
    def serving(self, app: Any) -> Iterator[None]:
        """The WSGI app over real HTTP."""
        side = HttpSide(app, self.address)
        thread = threading.Thread(target=side.run, daemon=True)
        thread.start()
        yield
        side.stop()
        thread.join(30)


@pytest.fixture
def loopback() -> Loopback:
    return Loopback()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with keys, purposes and the demo's people, made once and copied for each test."""
    install_keys(Keyring.derive(b"k" * 32))
    path = tmp_path_factory.mktemp("seeded") / "identity.db"
    db = Database.open(f"sqlite:///{path}", owner="identity")
    migrate(db, "xianban_identity.migrations")
    clock = ManualClock(START)
    with open_unit_of_work(db, clock=clock, ids=SeededIds(7, clock)) as uow:
        install(uow, IdentitySettings())
        seed_people(uow)
        enrol_demo(uow, "pin", pin.register_second_factor().enrol(DEMO_PIN))
    with db.engine.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


@pytest.fixture
def database(tmp_path: Path, seeded: Path) -> Iterator[Database]:
    install_keys(Keyring.derive(b"k" * 32))
    shutil.copy(seeded, tmp_path / "identity.db")
    db = Database.open(f"sqlite:///{tmp_path / 'identity.db'}", owner="identity")
    yield db
    db.close()


@pytest.fixture
def make_provider(
    database: Database, tmp_path: Path, clock: ManualClock, ids: Ids
) -> Callable[..., Provider]:
    def make(**changes: Any) -> Provider:
        settings = Settings(data=tmp_path / "data", issuer=changes.pop("issuer", ISSUER))
        hooks = plugins.build("identity", hookspecs, [screen_code, pin, totp])
        hooks.issue_at(Disclosures(database, clock, ids, OwnFacts(database)))
        identity = dataclasses.replace(IdentitySettings(), **changes)
        return Provider(
            settings=settings,
            identity=identity,
            db=database,
            clock=clock,
            ids=ids,
            clients=Clients(settings, identity.clients),
            hooks=hooks,
        )

    return make


@pytest.fixture
def provider(make_provider: Callable[..., Provider]) -> Provider:
    return make_provider()


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


@pytest.fixture
def portal(provider: Provider) -> Client:
    load_or_create_key(provider.settings.keys, "portal")
    return Client("portal", f"{ISSUER}/callback")
