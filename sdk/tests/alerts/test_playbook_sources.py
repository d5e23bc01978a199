"""What sources of playbooks tell, lie or keep back."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from alert_world import MINUTE
from playbook_world import PlaybookWorld, playbook, step
from xianban_sdk.clock import ManualClock
from xianban_sdk.playbooks import read_sources
from xianban_sdk.playbooks.repository import PlaybookRows, SourceRow
from xianban_sdk.plugins.hooks import HookResult
from xianban_sdk.public.playbooks import PlaybookUnread
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import Database

OXYGEN = playbook(step("call"))
HEART = replace(OXYGEN, id="heart")


class Source:
    """Tells what the test puts in."""

    def __init__(self, name: str, *told: object) -> None:
        self.id = name
        self.names = {"zh-CN": name, "en": name}
        self.told: list[object] = list(told)
        self.away = False

    def read(self, _now: object) -> list[object]:
        if self.away:
            raise RuntimeError("away")
        return self.told


class Plugins:
    """Stands where the service's hooks do."""

    def __init__(self, *sources: Source) -> None:
        self.sources = list(sources)

    def registered(self, hook: str) -> list[HookResult]:
        assert hook == "register_playbook"
        return [HookResult("plugin", self.sources, None, 0.0)]

    def run(self, plugin: str, _what: str, call: Any, _seconds: float) -> HookResult:
        try:
            return HookResult(plugin, call(), None, 0.0)
        except RuntimeError as error:
            return HookResult(plugin, None, error, 0.0)


class District:
    """A database and the plugins of a district."""

    def __init__(self, world: PlaybookWorld, plugins: Plugins) -> None:
        self.world, self.plugins = world, plugins

    def reads(self) -> None:
        read_sources(
            SimpleNamespace(  # type: ignore[arg-type]
                db=self.world.db,
                clock=self.world.clock,
                ids=self.world.ids,
                hooks=self.plugins,
            )
        )

    def offered(self) -> list[tuple[str, int]]:
        with self.world.db.read() as conn:
            found = PlaybookRows(conn, MachineScope("test")).offered()
        return [(one.playbook.id, one.playbook.version) for one in found]

    def source(self, name: str = "one") -> SourceRow | None:
        with self.world.db.read() as conn:
            found = PlaybookRows(conn, MachineScope("test")).sources()
        return next((one for one in found if one.id == name), None)


@pytest.fixture
def district(database: Database, clock: ManualClock) -> District:
    world = PlaybookWorld(database, clock)
    return District(world, Plugins(Source("one", OXYGEN, HEART)))


def test_what_is_told_is_offered_and_what_is_told_no_more_is_not(district: District) -> None:
    district.reads()
    assert district.offered() == [("heart", 1), ("oxygen", 1)]
    district.plugins.sources[0].told = [replace(OXYGEN, version=2)]
    district.reads()
    assert district.offered() == [("oxygen", 2)]


def test_a_silent_source_says_since_when_and_what_it_told_stays(district: District) -> None:
    district.reads()
    began = district.world.clock.now()
    district.plugins.sources[0].away = True
    for _ in range(2):
        district.world.clock.advance(MINUTE)
        district.reads()
    found = district.source()
    assert found is not None
    assert (found.read_at, found.silent_since) == (began, began + MINUTE)
    assert len(district.offered()) == 2
    district.plugins.sources[0].away = False
    district.reads()
    assert district.source().silent_since is None


def test_a_plugin_that_was_taken_away_takes_its_playbooks_along(district: District) -> None:
    district.reads()
    district.plugins.sources.clear()
    district.reads()
    assert (district.offered(), district.source()) == ([], None)


def test_a_version_that_changed_stays_as_it_was_told_first(district: District) -> None:
    district.reads()
    changed = replace(OXYGEN, names={"zh-CN": "另一个", "en": "Another"})
    district.plugins.sources[0].told = [changed, HEART]
    district.reads()
    assert district.offered() == [("heart", 1)]
    assert district.source().unread == ("oxygen: version: CHANGED_BUT_NOT_COUNTED_UP",)


def test_an_id_has_one_owner(district: District) -> None:
    district.plugins.sources.append(Source("two", replace(OXYGEN, version=7)))
    district.reads()
    assert ("oxygen", 1) in district.offered()
    assert district.source("two").unread == ("oxygen: id: TOLD_BY_ANOTHER_SOURCE",)


def test_what_is_no_playbook_is_named_and_costs_no_other(district: District) -> None:
    lies = replace(OXYGEN, id="lies", names=7)  # type: ignore[arg-type]
    long = replace(OXYGEN, id="long", steps=OXYGEN.steps * 2)
    unread = PlaybookUnread("fire", "steps[2].texts.en", "MISSING")
    district.plugins.sources[0].told = [lies, long, unread, 3, HEART]
    district.reads()
    assert district.offered() == [("heart", 1)]
    assert district.source().unread == (
        "lies: playbook: TypeError",
        "long: steps[1].id: TWICE",
        "fire: steps[2].texts.en: MISSING",
        "3: playbook: NO_PLAYBOOK",
    )
