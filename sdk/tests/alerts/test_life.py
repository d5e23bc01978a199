"""The whole way of an alert, on every database there is."""

from __future__ import annotations

import pytest
from alert_world import MINUTE, World
from xianban_sdk.alerts import State
from xianban_sdk.errors import FailedPrecondition


def test_the_ladder_climbs_by_the_clock_until_its_last_rung(world: World) -> None:
    alert = world.raised()
    assert world.paged() == ["family:daughter", "family:son"]
    world.passes(3 * MINUTE)
    world.passes(5 * MINUTE)
    world.passes(5 * MINUTE)
    world.passes(60 * MINUTE)
    assert world.rungs() == ["family", "neighbourhood", "station", "120"]
    assert world.get(alert).state is State.RAISED
    assert world.get(alert).next_rung_at is None
    assert all(each.urgent for each in world.messages())


def test_acknowledgement_names_who_and_stops_the_ladder(world: World) -> None:
    alert = world.raised()
    world.passes(3 * MINUTE)
    taken = world.person("neighbour", lambda alerts: alerts.acknowledge(alert.name))
    assert (taken.state, taken.acknowledged_by_display) == (State.ACKNOWLEDGED, "NEIGHBOUR")
    world.passes(10 * MINUTE)
    assert world.rungs() == ["family", "neighbourhood"]
    assert [each.recipient for each in world.messages("taken")] == ["daughter", "son"]
    assert not any(each.urgent for each in world.messages("taken"))


def test_the_first_wins_and_the_second_hears_who_has_it(world: World) -> None:
    alert = world.raised()
    world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    with pytest.raises(FailedPrecondition, match="ALERT_TAKEN") as refused:
        world.person("son", lambda alerts: alerts.acknowledge(alert.id))
    assert refused.value.params == {"by": "DAUGHTER"}
    again = world.person("daughter", lambda alerts: alerts.acknowledge(alert.id))
    assert again.acknowledged_by == "daughter"
    assert len(world.messages("taken")) == 1
