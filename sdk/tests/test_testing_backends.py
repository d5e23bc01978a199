"""One setting says where contract tests run; a slip of the pen must not run them elsewhere."""

from __future__ import annotations

import pytest
from xianban_sdk.testing.backends import backends, target


@pytest.mark.parametrize("unset", [None, ""])
def test_tests_run_in_the_process_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, unset: str | None
) -> None:
    monkeypatch.delenv("XIANBAN_TEST_TARGET", raising=False)
    if unset is not None:
        monkeypatch.setenv("XIANBAN_TEST_TARGET", unset)
    assert (target(), backends()) == ("inprocess", ("", ""))


def test_an_unknown_target_is_refused_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIANBAN_TEST_TARGET", "backend")
    with pytest.raises(ValueError, match="'backend': one of inprocess, backends"):
        target()


def test_backends_without_a_database_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIANBAN_TEST_TARGET", "backends")
    monkeypatch.delenv("XIANBAN_TEST_DATABASE", raising=False)
    with pytest.raises(KeyError, match="XIANBAN_TEST_DATABASE"):
        backends()
