"""Who answered is shown there what became of it; outside of any transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xianban_sdk import i18n
from xianban_sdk.app import Resources

from xianban_notify.handlers.answers import TAKEN
from xianban_notify.handlers.delivering import Plugged
from xianban_notify.handlers.sending import MACHINE
from xianban_notify.hookspecs import Answered, Answering, Verdict
from xianban_notify.repository.answers import AnswerRow, Answers
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.preferences import addresses_by_id, preferences_of

__all__ = ["show_answers_once"]

_TOGETHER: Final = 50
# The button itself is tried five times; the page says it anyway.
_MOST_TRIES: Final = 5
_SECONDS: Final = 10.0


def show_answers_once(resources: Resources, channels: Mapping[str, Plugged]) -> int:
    """Returns how many were waiting. Killed in between, it shows the same once more."""
    with resources.db.read() as conn:
        waiting = Answers(conn).to_show(_TOGETHER)
    for row in waiting:
        shown = _show(row, resources, channels)
        over = shown or row.tries + 1 >= _MOST_TRIES
        at = resources.clock.now() if over else None
        with resources.db.begin() as conn:
            Answers(conn).change(row.id, tries=row.tries + 1, shown_at=at)
    return len(waiting)


def _show(row: AnswerRow, resources: Resources, channels: Mapping[str, Plugged]) -> bool:
    with resources.db.read() as conn:
        delivery = Deliveries(conn, MACHINE).by_id([row.id]).get(row.id)
        known = addresses_by_id(conn, [delivery.address]) if delivery else {}
        wishes = preferences_of(conn, [row.person])[row.person]
    plugged = channels.get(delivery.channel) if delivery else None
    address = known.get(delivery.address) if delivery else None
    if plugged is None or address is None or not isinstance(plugged.channel, Answering):
        return True
    channel, told = plugged.channel, Answered("", address.value, row.handle)
    words = _words(row.outcome, wishes.locale)
    result = resources.hooks.run(
        plugged.plugin,
        "channel.show",
        lambda: channel.show(told, words),
        _SECONDS,
        about=row.person,
    )
    return result.error is None and result.value.verdict is not Verdict.FAILED


def _words(outcome: str, locale: str) -> str:
    key = {TAKEN: "answer-taken", "ALERT_TAKEN": "answer-taken-already"}.get(
        outcome, "answer-refused"
    )
    return i18n.text(key, locale, "xianban_notify")
