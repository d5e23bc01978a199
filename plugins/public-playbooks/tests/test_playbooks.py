"""Three sources of playbooks: the district's file, an emergency system, samples."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from emergency_system import FLOOD, EmergencySystemSimulator
from xianban_eldercare.hookspecs import Playbook, PlaybookUnread
from xianban_plugin_public_playbooks import plugin
from xianban_sdk.findings import Severity

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
DISTRICT = """
samples = true
url = "{url}"

[[playbook]]
id = "fall"
version = 2
names = {{ zh-CN = "跌倒", en = "Fall" }}
fits = [{{ domain = "eldercare", rules = ["fall"], severities = ["severe"], automatic = true }}]
steps = [{{ id = "call", texts = {{ zh-CN = "致电", en = "Call" }}, role = "carer" }}]

[[playbook]]
id = "broken"
version = 1
names = {{ zh-CN = "坏的", en = "Broken" }}
fits = [{{ domain = "eldercare" }}]
steps = [{{ id = "call", texts = {{ zh-CN = "致", en = "Call" }}, role = "carer", due = 60 }}]
"""


@pytest.fixture
def system() -> Iterator[EmergencySystemSimulator]:
    with EmergencySystemSimulator() as running:
        yield running


@pytest.fixture
def district(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: EmergencySystemSimulator
) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    # In a process of its own it calls no private network but what the operator names.
    monkeypatch.setenv("XIANBAN_PLUGIN_PRIVATE_HOSTS", system.url.split("/")[2])
    (tmp_path / "plugins").mkdir()
    written = DISTRICT.format(url=system.url)
    (tmp_path / "plugins/public-playbooks.toml").write_text(written, "utf-8")


def told(source: str) -> list[Playbook | PlaybookUnread]:
    return sources()[source].read(NOW)


def sources() -> dict:
    return {one.id: one for one in plugin.register_playbook()}


def test_without_a_configuration_there_are_samples_for_five_emergencies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    assert list(sources()) == ["samples"]
    found = told("samples")
    assert [one.id for one in found if isinstance(one, Playbook)] == [
        "fall",
        "heat-stroke",
        "lost-person",
        "smoke-gas",
        "sos",
    ]
    assert len(found) == 5
    assert "示例" in sources()["samples"].names["zh-CN"]


@pytest.mark.usefixtures("district")
def test_the_districts_own_replaces_a_sample_and_a_broken_one_names_its_field() -> None:
    assert list(sources()) == ["district", "emergency", "samples"]
    own, broken = told("district")
    assert isinstance(own, Playbook)
    assert (own.id, own.version) == ("fall", 2)
    assert own.fit("eldercare", "fall", Severity.SEVERE).automatic
    assert own.fit("eldercare", "fall", Severity.MINOR) is None
    assert broken == PlaybookUnread("broken", "steps[0].due", "UNKNOWN")
    assert "fall" not in [one.id for one in told("samples")]


@pytest.mark.usefixtures("district")
def test_an_emergency_system_is_asked_again_only_for_what_changed(
    system: EmergencySystemSimulator,
) -> None:
    source = sources()["emergency"]
    assert [one.id for one in source.read(NOW)] == ["flood"]
    assert [one.id for one in source.read(NOW)] == ["flood"]
    assert system.answers == [200, 304]
    system.playbooks.append({**FLOOD, "id": "storm"})
    assert [one.id for one in source.read(NOW)] == ["flood", "storm"]


@pytest.mark.usefixtures("district")
def test_a_document_of_the_system_that_is_no_playbook_costs_no_other(
    system: EmergencySystemSimulator,
) -> None:
    system.playbooks = [{**FLOOD, "version": "1"}, 7, FLOOD]
    first, second, third = told("emergency")
    assert first == PlaybookUnread("flood", "version", "NOT_1_TO_1000000")
    assert second == PlaybookUnread("playbook 2", "playbook", "NO_TABLE")
    assert isinstance(third, Playbook)


@pytest.mark.usefixtures("district")
@pytest.mark.parametrize(
    "answer",
    [(500, b""), (302, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b" " * 2_100_000)],
    ids=["fault", "redirect", "no-json", "no-object", "no-list", "too-large"],
)
def test_a_system_that_does_not_answer_with_playbooks_is_away(
    system: EmergencySystemSimulator, answer: tuple[int, bytes]
) -> None:
    source = sources()["emergency"]
    system.fails = answer
    with pytest.raises(RuntimeError):
        source.read(NOW)
