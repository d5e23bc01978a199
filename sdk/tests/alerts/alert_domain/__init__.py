"""A domain whose only matter is alerts."""

from alert_world import LADDERS
from xianban_sdk.alerts import (
    ALERT_SERVICE,
    AlertBook,
    AlertServicer,
    Recipient,
    timers,
)
from xianban_sdk.app import Service

__all__ = ["BOOK", "alert_app"]

BOOK = AlertBook(
    package="alert_domain",
    who=lambda rung, _alert, _uow: [Recipient(f"{rung.name}-person")],
    ladders=LADDERS,
    name_of=lambda person, _alert, _uow: f"name of {person}",
)


def alert_app() -> Service:
    """The domain's composition: a book, its servicer and its timers."""
    return Service(
        name="alarms",
        package=__name__,
        servicers={ALERT_SERVICE: lambda resources: AlertServicer(resources, BOOK)},
        timers=timers(BOOK),
    )
