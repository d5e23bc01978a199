"""Signed messages: held, forged, old, and the installation's secret."""

from datetime import UTC, datetime, timedelta

import pytest
from xianban_sdk import signatures
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, installed_secret, sign, verify

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRET = b"a secret of enough bytes"


def test_a_signed_body_is_accepted_whatever_the_headers_case() -> None:
    verify(SECRET, {HEADER.title(): sign(SECRET, b"body", NOW)}, b"body", NOW)


@pytest.mark.parametrize(
    ("secret", "body", "later"),
    [
        (b"another secret, long enough", b"body", timedelta()),
        (SECRET, b"other", timedelta()),
        (SECRET, b"body", timedelta(minutes=6)),
        (SECRET, b"body", -timedelta(minutes=6)),
    ],
)
def test_a_wrong_key_a_changed_body_and_an_old_message_are_refused(
    secret: bytes, body: bytes, later: timedelta
) -> None:
    with pytest.raises(PermissionError):
        verify(secret, {HEADER: sign(SECRET, b"body", NOW)}, body, NOW + later)


@pytest.mark.parametrize(
    "value", ["", "t=,v1=", "v1=00", "t=1e9,v1=00", "t=" + "9" * 40 + ",v1=0", "t=٣,v1=0", "t=1"]
)
def test_a_malformed_header_is_refused(value: str) -> None:
    with pytest.raises(PermissionError):
        verify(SECRET, {HEADER: value}, b"", NOW)


def test_no_header_is_refused() -> None:
    with pytest.raises(PermissionError):
        verify(SECRET, {}, b"", NOW)


def test_the_installed_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path) -> None:
    settings = Settings(data=tmp_path)
    first = installed_secret("gate", settings)
    assert installed_secret("gate", settings) == first
    assert len(first) == 64
    file = settings.keys / "gate.secret"
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in settings.keys.iterdir()] == ["gate.secret"]


def test_the_environment_names_the_secret_first(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XIANBAN_SECRET_GATE", "sixteen bytes or more")
    assert installed_secret("gate", Settings(data=tmp_path)) == b"sixteen bytes or more"
    monkeypatch.setenv("XIANBAN_SECRET_GATE", "short")
    with pytest.raises(ValueError, match="16 bytes"):
        installed_secret("gate", Settings(data=tmp_path))


def test_a_secret_that_is_missing_among_mounted_keys_is_named_with_what_makes_it(
    tmp_path, monkeypatch
) -> None:
    def read_only(_path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(signatures, "_create", read_only)
    with pytest.raises(ValueError, match="xianban keys --secret parking-lpr"):
        installed_secret("parking-lpr", Settings(keys=tmp_path))
