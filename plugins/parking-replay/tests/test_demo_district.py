"""The replay and parking's seed speak of the same lots."""

from datetime import timedelta

from xianban_parking.seed import demo_data
from xianban_plugin_parking_replay.plugin import feeds
from xianban_sdk.clock import SystemClock


def test_every_demo_lot_is_replayed_by_its_own_feed_with_its_own_capacity() -> None:
    # A week: the record itself has hours in which a car park told nothing.
    now = SystemClock().now()
    told = {
        (feed.id, item.lot, item.capacity)
        for feed in feeds()
        for item in feed.history(now - timedelta(days=7), now)
    }
    assert told == {(lot["feed"], lot["id"], lot["capacity"]) for lot in demo_data()["lot"]}
