"""Push proves itself; pull is conditional and bounded."""

import gzip
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest
from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected
from xianban_plugin_parking_parkapi.feeds import FeedFacts, PullFeed, PushFeed
from xianban_plugin_parking_parkapi.plugin import configured, register_feed
from xianban_sdk.pulling import Puller, SourceUnreachable
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, sign

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRET = b"a feed's secret, long enough"
FACTS = FeedFacts("city", {"en": "City"}, timedelta(minutes=5), "310120/nanqiao")
BODY = orjson.dumps(
    {
        "items": [
            {"uid": "a", "name": "A", "lat": 30.9, "lon": 121.4, "capacity": 10},
            {"uid": "b", "name": "B", "lat": 30.9, "lon": 121.4, "capacity": "many"},
            {
                "uid": "c",
                "realtime_data_updated_at": "2026-11-23T04:00:00Z",
                "realtime_free_capacity": 3,
            },
        ]
    }
)


def test_a_signed_push_is_read_with_per_item_errors() -> None:
    feed = PushFeed(FACTS, SECRET)
    headers = {HEADER: sign(SECRET, BODY, NOW)}
    facts, refused, count = feed.parse(BODY, "application/json", headers, NOW)
    assert isinstance(facts, LotFacts)
    assert facts.area == "310120/nanqiao"
    assert refused == Rejected("b", "capacity", "NOT_A_NUMBER")
    assert isinstance(count, LotObservation)
    assert list(feed.read(NOW)) == []


def test_an_unsigned_forged_or_old_push_is_refused() -> None:
    feed = PushFeed(FACTS, SECRET)
    for headers in (
        {},
        {HEADER: sign(b"another secret, long enough", BODY, NOW)},
        {HEADER: sign(SECRET, BODY, NOW - timedelta(hours=1))},
        {HEADER: sign(SECRET, BODY + b" ", NOW)},
    ):
        with pytest.raises(PermissionError):
            feed.parse(BODY, "application/json", headers, NOW)


def pull(handler) -> PullFeed:
    client = httpx.Client(transport=httpx.MockTransport(handler))
    return PullFeed(FACTS, Puller("https://city.example/parking.json", client))


def test_a_pull_asks_once_per_cadence_and_only_for_what_changed() -> None:
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("if-none-match"))
        if asked[-1] == '"v1"':
            return httpx.Response(304)
        return httpx.Response(200, content=BODY, headers={"etag": '"v1"'})

    feed = pull(answer)
    assert len(list(feed.read(NOW))) == 3
    assert list(feed.read(NOW + timedelta(minutes=1))) == []
    assert list(feed.read(NOW + timedelta(minutes=5))) == []
    assert asked == [None, '"v1"']


@pytest.mark.parametrize("status", [301, 404, 500])
def test_an_answer_without_a_body_is_an_error_of_the_feed(status: int) -> None:
    feed = pull(lambda _: httpx.Response(status, headers={"location": "http://elsewhere"}))
    with pytest.raises(SourceUnreachable, match=str(status)):
        feed.read(NOW)


def test_an_answer_that_unpacks_too_large_is_cut() -> None:
    packed = gzip.compress(b"0" * 1_000_000)
    answer = httpx.Response(200, content=packed, headers={"content-encoding": "gzip"})
    client = httpx.Client(transport=httpx.MockTransport(lambda _: answer))
    puller = Puller("https://city.example/parking.json", client, largest=100_000)
    with pytest.raises(SourceUnreachable, match="more than"):
        PullFeed(FACTS, puller).read(NOW)


def test_a_source_that_is_away_is_an_error_of_the_feed() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("no answer", request=request)

    with pytest.raises(SourceUnreachable, match="ConnectTimeout"):
        pull(away).read(NOW)


def test_nobody_may_push_to_a_pull() -> None:
    with pytest.raises(PermissionError):
        pull(lambda _: httpx.Response(200)).parse(b"", "", {}, NOW)


def test_without_a_configuration_there_is_one_push_feed(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    (feed,) = register_feed()
    assert (feed.id, feed.mode) == ("parkapi", "push")


def test_feeds_are_configured_in_a_file(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "parking-parkapi.toml").write_text(
        '[[feed]]\nid = "a"\nmode = "pull"\nurl = "https://a.example/x"\ncadence_seconds = 60\n'
        '[[feed]]\nid = "b"\nmode = "push"\n'
    )
    feeds = register_feed()
    assert [(feed.id, feed.mode, feed.cadence.seconds) for feed in feeds] == [
        ("a", "pull", 60),
        ("b", "push", 300),
    ]


@pytest.mark.parametrize(
    "table",
    [
        {"id": "a", "mode": "guess"},
        {"mode": "push"},
        {"id": "a", "mode": "pull", "url": "file:///etc/passwd"},
        {"id": "a", "mode": "push", "secret": "in the wrong place"},
    ],
)
def test_a_wrong_configuration_is_refused(table: dict[str, object], tmp_path) -> None:
    with pytest.raises(ValueError, match=r"feed"):
        configured(table, Settings(data=tmp_path))
