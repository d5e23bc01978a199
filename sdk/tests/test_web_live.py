"""Live data: one upstream for many browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from xianban_sdk.web.live import QUEUE, Frame, Hub, State


class Upstream:
    """A stream that the test feeds, and that remembers how often it was opened."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.items: asyncio.Queue[Any] = asyncio.Queue()

    async def open(self) -> AsyncIterator[Any]:
        self.opened += 1
        try:
            while True:
                item = await self.items.get()
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed += 1


async def take(stream: AsyncIterator[Any]) -> Any:
    return await asyncio.wait_for(anext(stream), 5)


def test_many_browsers_share_one_subscription() -> None:
    async def story() -> None:
        hub, upstream = Hub(), Upstream()
        streams = [hub.subscribe("lots", upstream.open) for _ in range(5)]
        for stream in streams:
            assert await take(stream) == State(connected=True)
        await upstream.items.put("a")
        assert [await take(stream) for stream in streams] == ["a"] * 5
        assert upstream.opened == 1
        await hub.close()

    asyncio.run(story())


def test_the_subscription_ends_with_the_last_browser() -> None:
    async def story() -> None:
        hub, upstream = Hub(), Upstream()
        stream: Any = hub.subscribe("lots", upstream.open)
        await take(stream)
        await asyncio.sleep(0)
        await stream.aclose()
        await asyncio.sleep(0.01)
        assert (upstream.opened, upstream.closed) == (1, 1)

    asyncio.run(story())


def test_who_comes_later_learns_how_things_stand() -> None:
    async def story() -> None:
        hub, upstream = Hub(), Upstream()
        first = hub.subscribe("badge", upstream.open)
        await take(first)
        await upstream.items.put(3)
        assert await take(first) == 3
        later = hub.subscribe("badge", upstream.open)
        assert [await take(later), await take(later)] == [State(connected=True), 3]
        await hub.close()

    asyncio.run(story())


def test_an_interruption_is_told_and_healed() -> None:
    async def story() -> None:
        hub, upstream = Hub(retry=0.01), Upstream()
        stream = hub.subscribe("lots", upstream.open)
        await take(stream)
        await upstream.items.put(ConnectionError("gone"))
        assert await take(stream) == State(connected=False)
        await upstream.items.put("back")
        assert await take(stream) == State(connected=True)
        assert await take(stream) == "back"
        assert upstream.opened == 2
        await hub.close()

    asyncio.run(story())


def test_a_slow_browser_loses_the_oldest_changes_only() -> None:
    async def story() -> None:
        hub, upstream = Hub(), Upstream()
        slow = hub.subscribe("lots", upstream.open)
        await take(slow)
        for number in range(QUEUE + 10):
            await upstream.items.put(number)
        await asyncio.sleep(0.05)
        assert await take(slow) == 10
        await hub.close()

    asyncio.run(story())


def test_a_frame_of_several_lines_stays_one_event() -> None:
    assert Frame("lot-1", "<p>\na</p>").encode() == b"event: lot-1\ndata: <p>\ndata: a</p>\n\n"
