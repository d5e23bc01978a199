"""What a container's health check says, against the probe that every process opens."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from xianban_sdk import ready
from xianban_sdk.probe import open_probe
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port


@pytest.fixture
def probe(tmp_path) -> Iterator[list[bool]]:
    """A running probe that says the last of these."""
    said = [True]
    address = f"0.0.0.0:{free_port()}"
    server = open_probe(Settings(data=tmp_path, probe=address), lambda: said[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XIANBAN_PROBE", address)
        patch.setattr(sys, "argv", ["xianban-ready"])
        yield said
    assert server is not None
    server.stop(None).wait()


def code() -> object:
    with pytest.raises(SystemExit) as ended:
        ready.main()
    return ended.value.code


def test_a_process_that_may_be_called_is_ready(probe):
    assert code() == 0


def test_one_that_must_not_be_called_is_not(probe):
    probe.append(False)
    assert code() == 1


def test_where_nobody_listens_the_reason_is_said(monkeypatch):
    monkeypatch.setenv("XIANBAN_PROBE", f"127.0.0.1:{free_port()}")
    assert "refused" in str(code())


def test_without_an_address_the_reason_is_said(monkeypatch):
    monkeypatch.delenv("XIANBAN_PROBE", raising=False)
    assert str(code()).startswith("not ready")
