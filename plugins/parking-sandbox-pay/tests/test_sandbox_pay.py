"""Orders, callbacks and refunds of the sandbox: signed, durable, once each."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from xianban_parking.hookspecs import CallbackOutcome, PaymentOrder
from xianban_plugin_parking_sandbox_pay.courier import Courier
from xianban_plugin_parking_sandbox_pay.plugin import register_payment
from xianban_plugin_parking_sandbox_pay.provider import RefundRefused, SandboxProvider
from xianban_plugin_parking_sandbox_pay.store import NoSuchOrder, RefundImpossible, Store
from xianban_plugin_parking_sandbox_pay.tokens import open_order, seal_order
from xianban_sdk.clock import ManualClock
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, sign

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRET = b"the sandbox's secret, long enough"
ORDER = PaymentOrder(
    payment="01KDVHX800PAYMENT000000001",
    amount_fen=1500,
    title="南桥百联停车费",
    callback_url="http://gateway/api/parking/v1/providers/sandbox:callback",
    return_url="http://gateway/parking/payments/1",
)


class Parking:
    """Parking's side of the wire: takes signed callbacks, may be away or refuse."""

    def __init__(self, provider: SandboxProvider) -> None:
        self.provider = provider
        self.taken: list[CallbackOutcome] = []
        self.answers: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        status = self.answers.pop(0) if self.answers else 200
        if status == 0:
            raise httpx.ConnectError("away", request=request)
        if status == 200:
            self.taken.append(self.provider.callback(request.content, dict(request.headers)))
        return httpx.Response(status)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path):
    made = Store(tmp_path / "orders.sqlite3")
    yield made
    made.close()


@pytest.fixture
def provider(clock: ManualClock) -> SandboxProvider:
    return SandboxProvider(SECRET, "http://gateway/", clock)


@pytest.fixture
def parking(provider: SandboxProvider) -> Parking:
    return Parking(provider)


@pytest.fixture
def courier(store: Store, clock: ManualClock, parking: Parking) -> Courier:
    return Courier(store, SECRET, clock, httpx.Client(transport=httpx.MockTransport(parking)))


def test_the_same_order_starts_the_same_and_its_link_holds_the_order(
    provider: SandboxProvider,
) -> None:
    started = provider.start(ORDER)
    assert provider.start(ORDER) == started
    url = urlsplit(started.pay_url)
    assert (url.netloc, url.path) == ("gateway", "/sandbox-pay/checkout")
    assert open_order(SECRET, parse_qs(url.query)["order"][0]) == ORDER


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: "x" + token,
        lambda token: seal_order(b"another secret, long enough", ORDER),
        lambda token: "",
        lambda token: "é.é",
        lambda token: token * 20,
    ],
)
def test_a_link_that_somebody_else_made_is_refused(spoil) -> None:
    with pytest.raises(PermissionError):
        open_order(SECRET, spoil(seal_order(SECRET, ORDER)))


def test_paying_tells_parking_once(store: Store, courier: Courier, parking: Parking) -> None:
    assert store.seen(ORDER).state == "open"
    assert store.decide(ORDER, "captured", NOW)
    assert not store.decide(ORDER, "failed", NOW, failure="CARD_DECLINED")
    assert courier.round() == 1
    assert courier.round() == 0
    (told,) = parking.taken
    assert (told.state, told.amount_fen, told.payment) == ("captured", 1500, ORDER.payment)
    assert told.occurred_at == NOW
    assert store.seen(ORDER).state == "captured"


def test_a_failure_names_its_reason(store: Store, courier: Courier, parking: Parking) -> None:
    store.decide(ORDER, "failed", NOW, failure="INSUFFICIENT_FUNDS")
    courier.round()
    assert (parking.taken[0].state, parking.taken[0].failure) == ("failed", "INSUFFICIENT_FUNDS")


def test_a_duplicate_callback_has_the_same_id(
    store: Store, courier: Courier, parking: Parking
) -> None:
    store.decide(ORDER, "captured", NOW, copies=2)
    assert courier.round() == 2
    assert parking.taken[0] == parking.taken[1]


def test_a_delayed_callback_waits_for_its_time(
    store: Store, courier: Courier, parking: Parking, clock: ManualClock
) -> None:
    store.decide(ORDER, "captured", NOW, delay=timedelta(seconds=20))
    assert courier.round() == 0
    clock.advance(timedelta(seconds=19))
    assert courier.round() == 0
    clock.advance(timedelta(seconds=1))
    assert courier.round() == 1
    assert parking.taken[0].occurred_at == NOW


def test_a_callback_that_is_not_taken_is_sent_again_later_and_later(
    store: Store, courier: Courier, parking: Parking, clock: ManualClock
) -> None:
    parking.answers = [0, 503, 200]
    store.decide(ORDER, "captured", NOW)
    assert courier.round() == 0
    assert courier.round() == 0
    clock.advance(timedelta(seconds=1))
    assert courier.round() == 0
    state = store.seen(ORDER)
    assert (state.waiting, state.attempts, state.last_error) == (1, 2, "HTTP 503")
    clock.advance(timedelta(seconds=2))
    assert courier.round() == 1
    assert store.seen(ORDER).waiting == 0


def test_a_restart_loses_nothing(tmp_path: Path, clock: ManualClock, parking: Parking) -> None:
    path = tmp_path / "orders.sqlite3"
    before = Store(path)
    before.decide(ORDER, "captured", NOW)
    before.close()
    after = Store(path)
    client = httpx.Client(transport=httpx.MockTransport(parking))
    assert Courier(after, SECRET, clock, client).round() == 1
    assert not after.decide(ORDER, "failed", NOW)
    after.close()


def test_callbacks_and_refunds_go_by_the_way_that_is_open_from_inside(
    store: Store, clock: ManualClock
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    settings = Settings(issuer="http://gateway", gateway="http://edge:8080/")
    client = httpx.Client(transport=httpx.MockTransport(answer))
    store.decide(ORDER, "captured", NOW)
    assert Courier(store, SECRET, clock, client, settings.inside).round() == 1
    provider = SandboxProvider(SECRET, settings.issuer, clock, client, settings.inside)
    provider.refund(ORDER.payment, "r1", 100)
    assert [url.split("/", 3)[2] for url in asked] == ["edge:8080"] * 2
    assert provider.start(ORDER).pay_url.startswith("http://gateway/")


def test_the_couriers_thread_sends_what_was_left_and_stops(store: Store, parking: Parking) -> None:
    parking.provider = SandboxProvider(SECRET, "http://gateway")
    store.decide(ORDER, "captured", NOW)
    client = httpx.Client(transport=httpx.MockTransport(parking))
    courier = Courier(store, SECRET, client=client)
    courier.start()
    courier.wake()
    for _ in range(500):
        if parking.taken:
            break
        time.sleep(0.01)
    courier.stop()
    assert len(parking.taken) == 1


def test_a_callback_that_is_forged_old_or_huge_is_refused(
    provider: SandboxProvider, clock: ManualClock
) -> None:
    body = orjson.dumps({"callback_id": "1", "payment": "p", "state": "captured"})
    held = sign(SECRET, body, NOW)
    for spoilt, headers in (
        (body, {}),
        (body, {HEADER: sign(b"another secret, long enough", body, NOW)}),
        (body + b" ", {HEADER: held}),
        (b"x" * 20_000, {HEADER: sign(SECRET, b"x" * 20_000, NOW)}),
    ):
        with pytest.raises(PermissionError):
            provider.callback(spoilt, headers)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(PermissionError):
        provider.callback(body, {HEADER: held})


def test_a_callback_of_an_unknown_state_is_refused(provider: SandboxProvider) -> None:
    body = orjson.dumps({"callback_id": "1", "payment": "p", "state": "stolen"})
    with pytest.raises(ValueError, match="state"):
        provider.callback(body, {HEADER: sign(SECRET, body, NOW)})


def test_a_refund_is_once_per_key_and_never_more_than_paid(store: Store) -> None:
    store.decide(ORDER, "captured", NOW)
    store.refund(ORDER.payment, "r1", 1000)
    store.refund(ORDER.payment, "r1", 1000)
    assert store.seen(ORDER).refunded_fen == 1000
    for key, fen, reason in (
        ("r2", 501, "MORE_THAN_PAID"),
        ("r3", 0, "MORE_THAN_PAID"),
        ("r4", -5, "MORE_THAN_PAID"),
        ("r1", 999, "REFUND_KEY_REUSED"),
    ):
        with pytest.raises(RefundImpossible, match=reason):
            store.refund(ORDER.payment, key, fen)
    store.refund(ORDER.payment, "r5", 500)
    assert store.seen(ORDER).refunded_fen == 1500


def test_an_order_not_paid_or_not_known_gives_nothing_back(store: Store) -> None:
    with pytest.raises(NoSuchOrder):
        store.refund(ORDER.payment, "r1", 1)
    store.seen(ORDER)
    with pytest.raises(RefundImpossible, match="NOT_PAID"):
        store.refund(ORDER.payment, "r1", 1)


def test_a_refund_refused_on_demand_succeeds_the_second_time(store: Store) -> None:
    store.decide(ORDER, "captured", NOW)
    store.refuse_next_refund(ORDER.payment)
    assert store.seen(ORDER).refuses_next_refund
    with pytest.raises(RefundImpossible, match="REFUSED_ON_DEMAND"):
        store.refund(ORDER.payment, "r1", 100)
    store.refund(ORDER.payment, "r1", 100)
    assert store.seen(ORDER).refunded_fen == 100


@pytest.mark.parametrize("status", [0, 401, 404, 409, 500])
def test_a_refund_that_is_not_taken_is_an_error_parking_can_retry(
    status: int, clock: ManualClock
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if status == 0:
            raise httpx.ConnectError("away", request=request)
        return httpx.Response(status, json={"error": "X"})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    with pytest.raises(RefundRefused):
        SandboxProvider(SECRET, "http://gateway", clock, client).refund("p", "r", 1)


def test_the_sandbox_is_there_in_demo_districts_only(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    monkeypatch.setenv("XIANBAN_DEMO", "1")
    assert [provider.id for provider in register_payment()] == ["sandbox"]
    monkeypatch.setenv("XIANBAN_DEMO", "0")
    assert register_payment() == []


def test_a_start_does_not_wait_for_the_certificates_that_only_a_refund_needs(
    monkeypatch, tmp_path
) -> None:
    def read_all_certificates(*_args, **_named):
        raise AssertionError("no refund yet")

    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    monkeypatch.setattr(ssl, "create_default_context", read_all_certificates)
    assert [provider.id for provider in register_payment()] == ["sandbox"]
