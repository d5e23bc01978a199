"""From a device's message to the services: nothing is acknowledged before it is safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any

import grpc
import orjson
import pytest
from xianban.common.v1 import readings_pb2
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_plugin_sensing_wristband.wristband import JsonWristband
from xianban_sdk import plugins
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.plugins import NOBODY, Hooks
from xianban_sdk.storage.keys import Keyring, install_keys
from xianban_sensing import hookspecs
from xianban_sensing import plugins as sensing_plugins
from xianban_sensing.hookspecs import Rejected, hookimpl
from xianban_sensing.plugins import Model, models_of
from xianban_sensing.uplink.admissions import Admissions
from xianban_sensing.uplink.bindings import Bindings
from xianban_sensing.uplink.flow import Flow
from xianban_sensing.uplink.letters import Letter
from xianban_sensing.uplink.services import Services
from xianban_sensing.uplink.spool import Spool

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
BANDS = {"band-1": "json-wristband", "band-2": "other-band"}


class Away(grpc.RpcError):
    """What a service that is not there answers."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE


class FakeRegistry:
    """Wristbands of two models, bound; the list answers by sequence like the real one."""

    def __init__(self) -> None:
        self.basis, self.away = "consent", False
        self.asked: list[pb.Speaker] = []

    def AdmitReadings(self, request: pb.AdmitReadingsRequest, **_: Any) -> pb.AdmitReadingsResponse:
        if self.away:
            raise Away
        self.asked.extend(request.speakers)
        given = pb.Admission(capability="line-1" if self.basis else "", basis=self.basis)
        return pb.AdmitReadingsResponse(admissions=[given for _ in request.speakers])

    def ListBindings(self, request: pb.ListBindingsRequest, **_: Any) -> pb.ListBindingsResponse:
        bound = [
            pb.Binding(
                sequence=number,
                device=device,
                model=model,
                subject="residents/1",
                domain="eldercare",
                active=True,
            )
            for number, (device, model) in enumerate(BANDS.items(), start=1)
        ]
        return pb.ListBindingsResponse(
            bindings=[one for one in bound if one.sequence > request.after_sequence], complete=True
        )


class FakeDomain:
    """Takes what comes, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.readings: list[readings_pb2.RawReading] = []
        self.events: list[str] = []

    def IngestBatch(
        self, request: readings_pb2.IngestBatchRequest, **_: Any
    ) -> readings_pb2.IngestBatchResponse:
        if self.away:
            raise Away
        self.readings.extend(request.readings)
        return readings_pb2.IngestBatchResponse(stored=len(request.readings))

    def ReportDeviceEvent(
        self, request: readings_pb2.ReportDeviceEventRequest, **_: Any
    ) -> readings_pb2.ReportDeviceEventResponse:
        if self.away:
            raise Away
        self.events.append(request.event.id)
        return readings_pb2.ReportDeviceEventResponse(feedback="received")


class FakeClients:
    def __init__(self, domain: FakeDomain) -> None:
        self._domain = domain

    def stub(self, _stub: Any, **_: Any) -> FakeDomain:
        return self._domain


class Unruly(JsonWristband):
    """Reads what a wristband says, until it is told to behave otherwise."""

    def __init__(self) -> None:
        self.behave: Callable[[bytes], Any] = lambda payload: None

    def parse(self, payload: bytes, now: datetime) -> Iterator[Any]:
        told = self.behave(payload)
        return super().parse(payload, now) if told is None else told


class Other(JsonWristband):
    """Another model."""

    model = "other-band"


def hooks_of(*adapters: Any) -> Hooks:
    class Brings:
        @hookimpl
        def register_device_adapter(self) -> list[Any]:
            return list(adapters)

    return plugins.build("sensing", hookspecs, [Brings()])


def model_of(adapter: Any) -> Model:
    return models_of(hooks_of(adapter))[adapter.model]


class Under:
    """The flow with its threads running."""

    def __init__(self, folder: Path) -> None:
        self.domain = FakeDomain()
        self.told: list[tuple[str, str, str]] = []
        self.acknowledged: list[int] = []
        clock = ManualClock(NOW)
        registry: Any = FakeRegistry()
        clients: Any = FakeClients(self.domain)
        self.bindings = Bindings(registry, lambda: None)
        self.spool = Spool(folder / "spool.db")
        self.adapter = Unruly()
        self.hooks = hooks_of(self.adapter, Other())
        models = models_of(self.hooks)
        self.registry = registry
        self.flow = Flow(
            self.bindings,
            models,
            Services(clients),
            self.spool,
            Admissions(registry, models),
            SeededIds(1, clock),
            lambda *told: self.told.append(told),
            lambda device, at, ahead: None,
        )
        self._stop = threading.Event()
        loops = (self.flow.run, self.flow.drain)
        self._threads = [threading.Thread(target=loop, args=(self._stop,)) for loop in loops]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.spool.close()

    def say(self, number: int, device: str = "band-1", **item: Any) -> None:
        told = orjson.dumps({"seq": number, **item})
        self.flow.take(Letter(device, told, NOW, lambda: self.acknowledged.append(number)))


@pytest.fixture
def under(tmp_path: Path) -> Iterator[Under]:
    install_keys(Keyring.derive(b"x" * 32))
    made = Under(tmp_path)
    made.bindings.follow()
    made.start()
    yield made
    made.stop()


def eventually(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_readings_are_acknowledged_once_the_service_has_them(under: Under) -> None:
    for number in range(20):
        under.say(number, hr=70, spo2=97)
    eventually(lambda: len(under.acknowledged) == 20)
    assert len(under.domain.readings) == 40
    assert {one.subject for one in under.domain.readings} == {"residents/1"}


def test_while_the_service_is_away_the_spool_has_them_and_hands_them_on_later(
    under: Under,
) -> None:
    under.domain.away = True
    for number in range(5):
        under.say(number, hr=70)
    eventually(lambda: len(under.acknowledged) == 5)
    assert not under.domain.readings
    assert under.spool.holds("eldercare", "batch") > 0
    under.domain.away = False
    eventually(lambda: len(under.domain.readings) == 5)
    eventually(lambda: under.spool.holds("eldercare", "batch") == 0)


def test_a_spool_outlives_its_process(tmp_path: Path) -> None:
    install_keys(Keyring.derive(b"x" * 32))
    first = Spool(tmp_path / "spool.db")
    first.put("eldercare", "event", b"request", "")
    first.close()
    second = Spool(tmp_path / "spool.db")
    [waiting] = second.first("eldercare", "event")
    assert (second.domains(), waiting.request) == (["eldercare"], b"request")
    second.close()


def test_an_sos_goes_out_at_once_and_its_wearer_hears_of_it(under: Under) -> None:
    under.say(1, ev="sos", id="a1")
    eventually(lambda: under.domain.events == ["band-1:a1"])
    eventually(lambda: under.told == [("band-1", "received", "band-1:a1")])
    assert under.acknowledged == [1]


def test_whoever_calls_a_press_off_is_told_of_that_press(under: Under) -> None:
    under.say(2, ev="sos-cancel", id="c1", of="a1")
    eventually(lambda: under.told == [("band-1", "received", "band-1:a1")])


def test_an_adapter_hears_which_of_its_presses_is_answered() -> None:
    band = model_of(JsonWristband())
    told = orjson.loads(band.render("band-1", "coming", "…", "band-1:a1"))
    assert told == {"cmd": "coming", "text": "…", "id": "a1"}


def test_an_adapter_without_that_parameter_is_asked_without_it() -> None:
    class Older(JsonWristband):
        def render(self, command: str, text: str) -> bytes:  # type: ignore[override]
            return command.encode()

    assert model_of(Older()).render("band-1", "coming", "…", "band-1:a1") == b"coming"


def test_a_display_that_fails_costs_only_its_own_word() -> None:
    class Broken(JsonWristband):
        def render(self, command: str, text: str, event: str = "") -> bytes:
            raise KeyError(command)

    assert model_of(Broken()).render("band-1", "coming", "…", "band-1:a1") == b""


def test_an_sos_that_nobody_takes_is_kept_and_the_wearer_knows(under: Under) -> None:
    under.domain.away = True
    under.say(1, ev="sos", id="a1")
    eventually(lambda: under.told == [("band-1", "held", "band-1:a1")])
    eventually(lambda: under.acknowledged == [1])
    under.domain.away = False
    eventually(lambda: under.domain.events == ["band-1:a1"])
    eventually(lambda: under.told[-1] == ("band-1", "received", "band-1:a1"))


def test_the_same_press_without_an_id_of_its_own_is_the_same_event(under: Under) -> None:
    under.say(7, ev="sos")
    under.say(7, ev="sos")
    eventually(lambda: len(under.acknowledged) == 2)
    assert set(under.domain.events) == {"band-1:sos-7"}


def test_a_stranger_s_message_is_dropped_and_counted(under: Under) -> None:
    under.say(1, device="band-9", hr=70)
    eventually(lambda: under.acknowledged == [1])
    assert under.flow.counted["unbound"] == 1


def test_a_message_that_cannot_be_read_costs_only_itself(under: Under) -> None:
    letter = Letter("band-1", b"{", NOW, lambda: under.acknowledged.append(1))
    under.flow.take(letter)
    under.say(2, hr=71, t=int((NOW - timedelta(minutes=1)).timestamp() * 1000))
    eventually(lambda: under.acknowledged == [1, 2])
    assert [one.value for one in under.domain.readings] == [71]


class Quiet(JsonWristband):
    """A model that raises no alarms."""

    alarms = ()


class TestConsent:
    def test_without_it_only_an_alarm_is_handed_on(self, under: Under) -> None:
        under.registry.basis = "vital"
        under.say(1, hr=70)
        under.say(2, ev="low-battery", id="b1")
        under.say(3, ev="sos", id="a1")
        eventually(lambda: len(under.acknowledged) == 3)
        assert (under.domain.events, under.domain.readings) == (["band-1:a1"], [])

    def test_after_a_withdrawal_a_model_without_alarms_is_not_read(self, under: Under) -> None:
        under.say(1, hr=70)
        eventually(lambda: len(under.domain.readings) == 1)
        under.registry.basis = ""
        under.say(2, ev="sos", id="a1")
        eventually(lambda: under.acknowledged == [1, 2])
        assert (len(under.domain.readings), under.domain.events) == (1, [])

    def test_while_nobody_can_be_asked_alarms_go_and_the_rest_waits(self, under: Under) -> None:
        under.registry.away = True
        under.say(1, hr=70)
        under.say(2, ev="sos", id="a1")
        eventually(lambda: under.domain.events == ["band-1:a1"])
        eventually(lambda: len(under.acknowledged) == 2)
        assert under.domain.readings == []
        under.registry.away = False
        eventually(lambda: len(under.domain.readings) == 1)
        eventually(lambda: under.spool.domains() == [])
        assert all(one.read_for_alarms for one in under.registry.asked)

    def test_who_did_not_answer_is_left_alone_for_a_while_but_by_who_waited(self) -> None:
        now, registry = [0.0], FakeRegistry()
        admissions = Admissions(registry, {}, lambda: now[0])
        band = pb.Binding(device="b", model="m", subject="residents/1")
        registry.away = True
        assert admissions.of([band]) is None
        asked = len(registry.asked)
        registry.away = False
        assert admissions.of([band]) is None
        assert len(registry.asked) == asked
        now[0] = 5.0
        assert admissions.of([band]) is not None
        registry.away = True
        assert admissions.of([band]) is None
        registry.away = False
        assert admissions.of([band], waited=True) is not None
        assert admissions.of([band]) is not None

    def test_a_model_says_which_alarms_it_raises_or_may_raise_any(self) -> None:
        assert model_of(Quiet()).alarms == frozenset()
        assert "sos" in model_of(JsonWristband()).alarms

    def test_a_device_of_a_place_tells_of_nobody(self) -> None:
        registry = FakeRegistry()
        admissions = Admissions(registry, {})
        [right] = admissions.of([pb.Binding(device="c", model="m", subject="lots/a")])
        assert (right, registry.asked) == (NOBODY, [])


class TestItsPlugin:
    def test_its_calls_are_counted_one_for_all_that_came_together(self, under: Under) -> None:
        for number in range(1, 6):
            under.say(number, hr=70)
        eventually(lambda: len(under.acknowledged) == 5)
        told = {one.hook: one for one in under.hooks.figures.of("Brings")}["adapter.parse"]
        assert 1 <= told.calls <= 5
        assert not told.errors

    @pytest.mark.parametrize("lie", [["70"], [None], [b""]])
    def test_one_that_lies_costs_only_that_message(self, under: Under, lie: Any) -> None:
        under.adapter.behave = lambda payload: iter(lie) if b"lie" in payload else None
        under.say(1, hr=70, note="lie")
        under.say(2, hr=71)
        eventually(lambda: len(under.acknowledged) == 2)
        assert [one.value for one in under.domain.readings] == [71]
        assert under.flow.counted["rejected"] == 1

    def test_one_that_never_ends_a_message_is_held_to_a_bound(self, under: Under) -> None:
        parts = repeat(Rejected("x", "y", "Z"))
        under.adapter.behave = lambda payload: parts if b"much" in payload else None
        under.say(1, hr=70, note="much")
        under.say(2, hr=71)
        eventually(lambda: [one.value for one in under.domain.readings] == [71])

    def test_one_that_hangs_is_set_aside_and_others_go_on(
        self, under: Under, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sensing_plugins, "_SECONDS", 0.3)
        free = threading.Event()
        under.adapter.behave = lambda payload: iter(()) if free.wait(20) else None
        under.say(1, ev="sos", id="a1")
        eventually(lambda: under.hooks.is_set_aside("Brings"))
        free.set()
        # What comes after it waits on disk for a restart instead of being lost.
        under.say(2, ev="sos", id="a2")
        eventually(lambda: under.flow.counted["letters_unread"] == 1)
        assert under.spool.domains() == ["sensing/json-wristband"]
        assert 2 in under.acknowledged

    def test_while_it_is_left_alone_messages_wait_and_then_go(self, under: Under) -> None:
        runner: Any = under.hooks.plugins["Brings"].runner
        runner.left_alone = 5.0
        under.say(1, ev="sos", id="a1")
        eventually(lambda: under.flow.counted["letters_unread"] == 1)
        assert under.domain.events == []
        runner.left_alone = 0.0
        eventually(lambda: under.domain.events == ["band-1:a1"])
        eventually(lambda: under.spool.domains() == [])

    def test_one_that_comes_later_reads_from_its_first_message_on(self, under: Under) -> None:
        gone = under.hooks.plugins["Brings"]
        under.hooks.let_go("Brings")
        under.say(1, hr=70)
        eventually(lambda: under.flow.counted["rejected"] == 1)
        under.hooks.take_up(gone)
        under.say(2, hr=71)
        eventually(lambda: [one.value for one in under.domain.readings] == [71])

    def test_a_display_that_answers_nonsense_costs_only_its_own_word(self) -> None:
        class Wordy(JsonWristband):
            def render(self, command: str, text: str, event: str = "") -> bytes:
                return "words"  # type: ignore[return-value]

        assert model_of(Wordy()).render("band-1", "coming", "…", "") == b""
