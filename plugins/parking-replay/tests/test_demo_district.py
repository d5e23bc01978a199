"""The replay and parking's seed speak of the same lots."""

from xianban_parking.seed import demo_data
from xianban_plugin_parking_replay.plugin import feeds
from xianban_sdk.clock import SystemClock


def test_every_demo_lot_is_replayed_by_its_own_feed_with_its_own_capacity() -> None:
    now = SystemClock().now()
    told = {
        (feed.id, item.lot, item.capacity)
        for feed in feeds()
        for item in feed.history(now - 3 * feed.cadence, now)
    }
    assert told == {(lot["feed"], lot["id"], lot["capacity"]) for lot in demo_data()["lot"]}
