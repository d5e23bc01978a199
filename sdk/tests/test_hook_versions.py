"""What `plugin check` and a scaffold say of hooks that came late, go, or have gone."""

from datetime import date

import pytest
from xianban_sdk.hook_versions import Deprecated, Removed, deprecation_of, since_of
from xianban_sdk.plugins.conformance import State, check
from xianban_sdk.plugins.domains import domain
from xianban_sdk.plugins.scaffold import Wish, write_plugin

HOOK = "tariff_concessions"


@pytest.fixture
def parking(monkeypatch):
    found = domain("parking")
    spec = found.specs[HOOK]

    def marked(name: str, value: object) -> None:
        monkeypatch.setattr(spec, name, value, raising=False)

    return found, marked


def written(folder, found):
    wish = Wish("acme-meters", found, [HOOK], "Acme", "plugins@example.com", "Apache-2.0")
    write_plugin(folder, wish)
    return folder


def complaints(folder):
    broken = [one for one in check(folder, tools=False).verdicts if one.state is State.BROKEN]
    return {one.rule.id: one.findings[0].complaint.text("en") for one in broken}


def test_what_says_nothing_is_there_since_the_first_version_and_stays(parking):
    spec = parking[0].specs[HOOK]
    assert (since_of(spec), deprecation_of(spec)) == ("1.0", None)


def test_a_deprecated_hook_costs_silver_and_says_until_when(parking, tmp_path):
    found, marked = parking
    folder = written(tmp_path / "acme-meters", found)
    assert "current" not in complaints(folder)
    marked("_xianban_deprecated", Deprecated("1.1", "2.0", date(2027, 6, 1), "register_tariff"))
    told = complaints(folder)["current"]
    assert "2027-06-01" in told
    assert "register_tariff" in told
    assert check(folder, tools=False).passed


def test_a_hook_later_than_the_range_promises_is_refused(parking, tmp_path):
    found, marked = parking
    folder = written(tmp_path / "acme-meters", found)
    marked("_xianban_since", "1.4")
    assert "since 1.4 only" in complaints(folder)["api"]
    # A plugin that is begun now asks for what it uses.
    text = (written(tmp_path / "acme-two", found) / "plugin.toml").read_text("utf-8")
    assert 'api = ">=1.4,<2"' in text


def test_a_removed_hook_is_told_with_what_to_use(parking, tmp_path, monkeypatch):
    found, _ = parking
    folder = written(tmp_path / "acme-meters", found)
    gone = {HOOK: Removed("2.0", "register_tariff")}
    monkeypatch.setattr(found.module, "REMOVED", gone, raising=False)
    assert complaints(folder)["hooks"] == (f"{HOOK} was removed in API 2.0; use register_tariff")
