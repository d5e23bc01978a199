"""Feeds as plugins bring them: found, read in bounds, and how they are doing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from xianban_sdk.errors import InvalidArgument, NotFound, PermissionDenied, Unavailable
from xianban_sdk.plugins import Hooks

from xianban_parking.domain.occupancy import Verdict
from xianban_parking.handlers.counts import FeedFacts
from xianban_parking.hookspecs import Feed, LotFacts, LotObservation, Rejected
from xianban_parking.repository.rows import FeedRow

__all__ = [
    "FeedPlugin",
    "Items",
    "checked",
    "facts_of",
    "feed_named",
    "feeds_of",
    "parse_push",
    "pull",
    "row_of",
    "verdict_of",
]

MOST_ITEMS = 20_000
PULL_SECONDS = 20.0
PARSE_SECONDS = 3.0

Items = list[LotFacts | LotObservation | Rejected]


@dataclass(frozen=True, slots=True)
class FeedPlugin:
    """A feed and the plugin that brought it."""

    plugin: str
    feed: Feed


def feeds_of(hooks: Hooks) -> list[FeedPlugin]:
    return [
        FeedPlugin(result.plugin, each)
        for result in hooks.registered("register_feed")
        for each in result.value or ()
    ]


def feed_named(hooks: Hooks, feed_id: str) -> FeedPlugin:
    for each in feeds_of(hooks):
        if each.feed.id == feed_id:
            return each
    raise NotFound("FEED_NOT_FOUND", field="feed", feed=feed_id)


def pull(found: FeedPlugin, hooks: Hooks, now: datetime) -> Items:
    """What is new, read outside of any transaction; raises what the plugin raised."""
    result = hooks.run(
        found.plugin, "feed.read", lambda: _bounded(found.feed.read(now)), PULL_SECONDS
    )
    if result.error is not None:
        raise result.error
    return result.value


def parse_push(
    found: FeedPlugin,
    body: bytes,
    content_type: str,
    headers: Mapping[str, str],
    now: datetime,
    hooks: Hooks,
) -> Items:
    """A pushed body, read by its plugin; a sender that did not prove itself is refused."""
    if found.feed.mode != "push":
        raise InvalidArgument("FEED_NOT_PUSHED", field="feed", feed=found.feed.id)
    result = hooks.run(
        found.plugin,
        "feed.parse",
        lambda: _bounded(found.feed.parse(body, content_type, headers, now)),
        PARSE_SECONDS,
    )
    checked(result.error, found.plugin)
    return result.value


def checked(error: Exception | None, plugin: str) -> None:
    """A plugin's failure as the sender should hear it."""
    if isinstance(error, PermissionError):
        raise PermissionDenied("SIGNATURE_INVALID", field="body")
    if isinstance(error, ValueError | KeyError | TypeError):
        raise InvalidArgument("BODY_UNREADABLE", field="body")
    if error is not None:
        raise Unavailable("PLUGIN_UNAVAILABLE", plugin=plugin)


def facts_of(feed: Feed) -> FeedFacts:
    return FeedFacts(feed.id, max(1, int(feed.cadence.total_seconds())))


def row_of(found: FeedPlugin) -> dict[str, object]:
    """The feed's row, without its health."""
    feed = found.feed
    return {
        "id": feed.id,
        "names": dict(feed.names),
        "plugin": found.plugin,
        "mode": feed.mode,
        "cadence_seconds": facts_of(feed).cadence_seconds,
    }


def verdict_of(row: FeedRow, now: datetime) -> Verdict:
    """How a feed is doing, by when it last succeeded against what it promises."""
    if row.last_success_at is None:
        return Verdict.SILENT
    missed = (now - row.last_success_at).total_seconds() / max(1, row.cadence_seconds)
    bounds = ((12, Verdict.SILENT), (4, Verdict.STALE), (2, Verdict.LATE))
    return next((verdict for bound, verdict in bounds if missed > bound), Verdict.FRESH)


def _bounded(items: Iterator[LotFacts | LotObservation | Rejected]) -> Items:
    read = list(islice(items, MOST_ITEMS + 1))
    if len(read) > MOST_ITEMS:
        read[-1] = Rejected("feed", "items", "TOO_MANY_ITEMS")
    return read
