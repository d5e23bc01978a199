"""The master secret changes while the suite runs: each step leaves every value readable."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, Text, insert, select
from typer.testing import CliRunner
from xianban_sdk.app import Service
from xianban_sdk.cli import commands
from xianban_sdk.resealing import reseal
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, Encrypted, install_keys, masters, migrate
from xianban_sdk.storage.encryption import Cipher
from xianban_sdk.storage.keys import installed_keys


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


def test_between_two_steps_both_generations_of_processes_read_each_other(
    settings: Settings,
) -> None:
    generations = [Cipher(masters.installed_keyring(settings))]
    for step in (masters.begin, masters.promote):
        step(settings)
        generations.append(Cipher(masters.installed_keyring(settings)))
        # Of these two some run at the same time.
        for writer, reader in (generations[-2:], reversed(generations[-2:])):
            assert reader.decrypt(writer.encrypt(b"x")) == b"x"
    assert generations[-1].mark != generations[0].mark


def test_people_are_found_by_the_same_hashes_for_good(settings: Settings) -> None:
    before = masters.installed_keyring(settings).lookup
    for _ in range(2):
        masters.begin(settings)
        assert masters.installed_keyring(settings).lookup == before
        masters.promote(settings)
        masters.end(settings)
        assert masters.installed_keyring(settings).lookup == before


def test_a_step_out_of_turn_is_refused(settings: Settings) -> None:
    with pytest.raises(masters.RotationRefused):
        masters.promote(settings)
    masters.begin(settings)
    with pytest.raises(masters.RotationRefused, match="under way"):
        masters.begin(settings)
    with pytest.raises(masters.RotationRefused):
        masters.end(settings)


def test_resealing_leaves_nothing_under_the_old_secret(settings: Settings) -> None:
    name = f"t{secrets.token_hex(6)}"
    metadata = MetaData()
    person = Table(
        "person",
        metadata,
        Column("id", Text, primary_key=True),
        Column("phone", Encrypted(Text, "person.phone")),
    )
    service = Service(name=name, package="tests", servicers={}, metadata=metadata)
    before = installed_keys()
    install_keys(masters.installed_keyring(settings))
    try:
        with _opened(settings, name) as db:
            migrate(db)
            with db.begin() as conn:
                metadata.create_all(conn)
                conn.execute(insert(person), [{"id": str(n), "phone": f"{n}"} for n in range(450)])
                conn.execute(insert(person).values(id="none", phone=None))
        masters.begin(settings)
        masters.promote(settings)
        keyring = masters.installed_keyring(settings)
        install_keys(keyring)
        (done,) = reseal([service], settings, keyring)
        assert (done.rows, done.left) == (450, 0)
        masters.end(settings)
        install_keys(masters.installed_keyring(settings))
        with _opened(settings, name) as db, db.read() as conn:
            assert conn.scalar(select(person.c.phone).where(person.c.id == "7")) == "7"
    finally:
        install_keys(before)


def test_the_command_says_what_comes_next(settings: Settings) -> None:
    where = ["--data", str(settings.data)]
    for step, then in (("begin", "promote"), ("promote", "reseal")):
        said = CliRunner().invoke(commands.command_line(), ["master", step, *where])
        assert f"xianban master {then}" in said.output
    refused = CliRunner().invoke(commands.command_line(), ["master", "begin", *where])
    assert refused.exit_code == 1


@contextmanager
def _opened(settings: Settings, name: str) -> Iterator[Database]:
    db = Database.open(f"sqlite:///{settings.data / name}.db", owner=name)
    try:
        yield db
    finally:
        db.close()
