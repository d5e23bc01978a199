"""Many at once: facts, turns and hands on one alert, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable

from alert_world import MINUTE, World
from xianban_sdk.alerts import Severity
from xianban_sdk.errors import FailedPrecondition


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each deed answered, or the refusal it met; anything else fails the test."""
    gate = threading.Barrier(len(deeds))
    answers: list[object] = [None] * len(deeds)

    def run(place: int, deed: Callable[[], object]) -> None:
        gate.wait()
        try:
            answers[place] = deed()
        except Exception as error:
            answers[place] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_many_raisers_one_opens_and_pages(world: World) -> None:
    raised = at_once(*[lambda: world.raised(Severity.SEVERE) for _ in range(6)])
    assert len({getattr(alert, "id", alert) for alert in raised}) == 1
    assert sorted(getattr(alert, "occurrences", alert) for alert in raised) == list(range(6))  # pyright: ignore[reportArgumentType]
    assert world.paged() == ["family:daughter", "family:son"]


def test_of_many_hands_one_has_it_and_the_others_hear_who(world: World) -> None:
    alert = world.raised()
    people = [f"person-{number}" for number in range(6)]
    taken = at_once(
        *[
            lambda person=person: (
                world.person(person, lambda alerts: alerts.acknowledge(alert.id)).acknowledged_by
            )
            for person in people
        ]
    )
    refused = [each for each in taken if isinstance(each, FailedPrecondition)]
    (winner,) = [each for each in taken if isinstance(each, str)]
    assert len(refused) == 5
    assert {each.params["by"] for each in refused} == {winner.upper()}
    assert world.get(alert).acknowledged_by == winner


def test_a_hand_and_the_clock_at_once_tell_each_rung_once_or_never(world: World) -> None:
    for number in range(8):
        alert = world.raised(subject=f"residents/{number}")
        world.clock.advance(3 * MINUTE)
        answers = at_once(
            world.timers.fire_due,
            lambda alert=alert: world.person(
                "neighbour", lambda alerts: alerts.dispatch(alert.id, "nurse")
            ),
            world.restarted().fire_due,
        )
        assert not [each for each in answers if isinstance(each, Exception)]
        assert world.get(alert).acknowledged_by == "neighbour"
    keys = [each.dedupe_key for each in world.messages()]
    assert len(keys) == len(set(keys))
    before = len(keys)
    world.passes(10 * MINUTE)
    assert len(world.messages()) == before, "the ladder rests once somebody is on the way"
