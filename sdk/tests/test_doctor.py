"""What `xianban doctor` finds, and how it says it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner
from xianban_sdk import diagnosis
from xianban_sdk.app import Service
from xianban_sdk.cli import doctor as command
from xianban_sdk.cli.commands import command_line
from xianban_sdk.diagnosis import Finding, worst
from xianban_sdk.settings import Settings

DAY = timedelta(days=1)


def certificate(folder: Path, left: timedelta) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "parking")])
    end = datetime.now(UTC) + left
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - 90 * DAY)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize(
    ("left", "level"), [(60 * DAY, "well"), (3 * DAY, "warning"), (-1 * DAY, "broken")]
)
def test_a_certificate_is_told_before_it_ends(left: timedelta, level: str, tmp_path: Path) -> None:
    certificate(tmp_path, left)
    settings = Settings(data=tmp_path, tls=str(tmp_path))
    [found] = diagnosis.certificates(settings, {})
    assert found.level == level
    assert str(tmp_path) in found.text("en")


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "edge.pem").write_text("nothing")
    named = {"XIANBAN_EDGE_TLS_CERTIFICATE": str(tmp_path / "edge.pem")}
    [found] = diagnosis.certificates(Settings(data=tmp_path), named)
    assert (found.level, found.key) == ("broken", "certificate-unreadable")


def test_a_disk_that_is_nearly_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        total, free = 100 * 2**30, 2**29

    monkeypatch.setattr(diagnosis.shutil, "disk_usage", lambda _path: Usage)
    [found] = diagnosis.disk(Settings(data=tmp_path))
    assert (found.level, found.params["free"]) == ("broken", 0.5)


def test_a_service_that_does_not_run_on_sqlite_is_a_note(tmp_path: Path) -> None:
    [found] = diagnosis.service(
        Service(name="none", package="x", servicers={}), Settings(data=tmp_path)
    )
    assert (found.level, found.key) == ("note", "not-running")


@pytest.mark.parametrize(
    ("figures", "key"),
    [
        ({"outbox_age": 60.0, "unsent": 3}, "outbox-late"),
        ({"dead": 2}, "dead-letters"),
        ({"overdue": 20.0}, "timers-late"),
        ({"unsealed_age": 90.0}, "audit-unsealed"),
    ],
)
def test_each_lag_is_named(figures: dict[str, Any], key: str) -> None:
    none = dict.fromkeys(("unsent", "outbox_age", "dead", "parked", "unsealed_age", "overdue"), 0)
    seen = diagnosis.Figures(**{**none, **figures})
    [found] = diagnosis._aged("parking", seen)
    assert (found.level, found.key) == ("broken", key)


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_sentence_is_there_in_both_languages(locale: str) -> None:
    source = "".join(Path(one.__file__).read_text("utf-8") for one in (diagnosis, command))
    keys = {word for word in source.split('"') if f"\ndoctor-{word} =" in _texts(locale)}
    assert {"not-running", "outbox-late", "clock", "certificate", "not-migrated"} <= keys
    assert {"database-sqlite", "bus-in-process", "confined", "told-declared"} <= keys
    assert Finding("a", "well", "plain", {"said": "x"}).text(locale) == "x"


def _texts(locale: str) -> str:
    return (Path(diagnosis.__file__).parent / "locale" / f"{locale}.ftl").read_text("utf-8")


def test_the_worst_finding_decides() -> None:
    levels = ("well", "broken", "note")
    assert worst([]) == "well"
    assert worst([Finding("a", level, "plain") for level in levels]) == "broken"


def test_the_command_speaks_to_machines_and_ends_with_its_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [
        Finding("disk", "well", "disk", {"path": "/d", "free": 9}),
        Finding("a", "broken", "plain"),
    ]
    monkeypatch.setattr(command, "_examined", lambda _settings: iter(found))
    done = CliRunner().invoke(
        command_line(), ["doctor", "--json", "--data", str(tmp_path), "--lang", "zh-CN"]
    )
    assert done.exit_code == 1
    assert json.loads(done.stdout)[0] == {
        "about": "disk",
        "level": "well",
        "key": "disk",
        "text": "/d，剩余 9 GiB",
    }
