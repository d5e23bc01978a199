"""Processes start without anybody, tell the truth, and end without losing anything."""

import subprocess
import sys
import threading
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from sqlalchemy import text
from xianban_sdk.demo import person_id
from xianban_sdk.errors import from_rpc_error
from xianban_sdk.messaging import MemoryBus
from xianban_sdk.plugins import Manifest, Plugin
from xianban_sdk.plugins.tiers import IN_PROCESS, SetAside
from xianban_sdk.process import Process
from xianban_sdk.rpc import ServicerError
from xianban_sdk.testing import settings_for

ME = f"residents/{person_id('resident')}"
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, 2


def status(under_test, name="", lane=""):
    with under_test.channel(lane) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=2).status


def eventually(condition, seconds=8.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class AwayBus(MemoryBus):
    """A bus that can't be reached."""

    away = True

    def declare(self, group, patterns):
        self._check()
        super().declare(group, patterns)

    def publish(self, events):
        self._check()
        super().publish(events)

    def subscribe_transient(self, patterns, deliver):
        self._check()
        return super().subscribe_transient(patterns, deliver)

    def ready(self):
        return not self.away

    def _check(self):
        if self.away:
            raise ConnectionError("no broker")


def test_health_is_told_per_proto_service_and_per_dependency(echo, pb):
    for name in ("", pb.NAME, "database", "bus", "relations", "plugins"):
        assert eventually(lambda name=name: status(echo, name) == SERVING), name
        assert status(echo, name, "streams") == SERVING, name


def test_a_quarantined_plugin_shows_in_health_and_stops_nobody(echo, pb):
    hooks = echo.resources.hooks
    manifest = Manifest("bad", "1", "test", ">=1", frozenset())
    hooks.take_up(Plugin(manifest, {}, SetAside("it hung"), IN_PROCESS))
    echo.service.health.check()
    assert status(echo, "plugins") == NOT_SERVING
    assert status(echo) == SERVING


def test_health_can_be_watched_on_the_streams_server_alone(echo, pb):
    request = health_pb2.HealthCheckRequest(service=pb.NAME)
    with echo.channel("streams") as streams, echo.channel() as unary:
        watch = health_pb2_grpc.HealthStub(streams).Watch(request)
        assert next(watch).status == SERVING
        echo.service.health.drain()
        assert next(watch).status == NOT_SERVING
        with pytest.raises(grpc.RpcError) as caught:
            next(health_pb2_grpc.HealthStub(unary).Watch(request))
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        watch.cancel()


def test_reflection_is_there_in_the_demo(service_under_test, pb):
    echo = service_under_test(pb.echo_app(), demo=True)
    with echo.channel("streams") as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        answer = next(stub.ServerReflectionInfo(iter([asked])))
    assert pb.NAME in [service.name for service in answer.list_services_response.service]


def test_the_demo_is_seeded_once_the_database_is_there(service_under_test, pb):
    seeded = []
    service_under_test(pb.echo_app(seed=lambda resources: seeded.append(resources.db)), demo=True)
    service_under_test(pb.echo_app(seed=lambda resources: seeded.append(1)), demo=False)
    assert len(seeded) == 1


def test_a_process_starts_without_bus_and_identity_and_serves(tmp_path, pb, issuer):
    from xianban_sdk.identity import StaticKeys

    bus = AwayBus()
    app = pb.echo_app(keys=lambda _: StaticKeys(issuer.jwks))
    settings = settings_for(tmp_path)
    process = Process([app], settings, bus=bus)
    process.start()
    try:
        running = process.running[0]
        assert eventually(lambda: running.health.serving)
        assert set(running.health.problems) >= {"bus"}
        now = int(time.time())
        token = issuer.token("resident", "echo", iat=now, exp=now + 60)
        request = pb.NoteRequest(parent=ME, text="hi", request_id="r-1234567")
        with grpc.insecure_channel(settings.address("echo")) as channel:
            stub = pb.EchoStub(channel)
            pairs = [("authorization", f"Bearer {token}")]
            assert stub.WriteNote(request, metadata=pairs).text == "hi"
            stranger = pb.NoteQuery(parent=f"residents/{person_id('elder')}")
            with pytest.raises(grpc.RpcError) as caught:
                stub.GetNote(stranger, metadata=pairs)
            assert from_rpc_error(caught.value).reason == "RELATIONS_STALE"
        bus.away = False
        assert eventually(lambda: _unsent(running.db) == 0, 10), "the relay did not catch up"
    finally:
        process.stop()


def _unsent(db):
    with db.read() as conn:
        return conn.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL")).scalar()


def test_calls_wait_for_no_database_but_are_told_so(tmp_path, pb, issuer):
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    settings = settings_for(tmp_path, database=nowhere)
    process = Process([pb.echo_app()], settings)
    process.start()
    try:
        assert eventually(lambda: "database" in process.running[0].health.problems)
        with grpc.insecure_channel(settings.address("echo")) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            assert answer.status == NOT_SERVING
            with pytest.raises(grpc.RpcError) as caught:
                pb.EchoStub(channel).Ping(pb.Text(text="hi"))
        assert from_rpc_error(caught.value).reason == "STORAGE_UNAVAILABLE"
    finally:
        process.stop()


def test_a_servicer_that_lacks_a_method_stops_the_start(service_under_test, pb):
    class Half(pb.EchoServicer):
        Ping = None

    with pytest.raises(ServicerError, match="no method Ping"):
        service_under_test(pb.echo_app(servicers={pb.NAME: Half}))


def test_a_servicer_with_other_annotations_stops_the_start(service_under_test, pb):
    class Wrong(pb.EchoServicer):
        def Ping(self, request: pb.Note, call: object) -> pb.Text:
            return pb.Text()

    with pytest.raises(ServicerError, match=r"xianban\.echo\.v1\.Text"):
        service_under_test(pb.echo_app(servicers={pb.NAME: Wrong}))


def test_draining_lets_running_calls_end(echo, pb):
    stub = echo.stub(pb.EchoStub)
    answers = []
    calls = [
        threading.Thread(target=lambda: answers.append(stub.Ping(pb.Text(text="slow")).text))
        for _ in range(3)
    ]
    for call in calls:
        call.start()
    time.sleep(0.15)
    echo.service.stop_taking_calls()
    for call in calls:
        call.join()
    assert answers == ["slow"] * 3


def test_an_event_reaches_the_other_service_of_the_process(tmp_path, pb, issuer, clock, ids):
    from xianban_sdk.identity import StaticKeys
    from xianban_sdk.messaging import consumer

    seen = []

    @consumer("echo.v1.note")
    def on_note(event: pb.Note, *, uow, meta) -> None:
        seen.append((event.text, meta.actor, meta.trace_id))

    keys = {"keys": lambda _: StaticKeys(issuer.jwks)}
    listener = pb.echo_app(name="listener", servicers={}, policy="", consumers=[on_note])
    settings = settings_for(tmp_path)
    process = Process([pb.echo_app(**keys), listener], settings, clock=clock, ids=ids)
    process.start()
    try:
        assert eventually(lambda: all(each.health.serving for each in process.running))
        with grpc.insecure_channel(settings.address("echo")) as channel:
            token = issuer.token("resident", "echo")
            trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
            pairs = [("authorization", f"Bearer {token}"), ("traceparent", trace)]
            request = pb.NoteRequest(parent=ME, text="hi", request_id="r-1234567")
            pb.EchoStub(channel).WriteNote(request, metadata=pairs)
        assert eventually(lambda: seen)
        assert seen == [("hi", person_id("resident"), "a" * 32)]
    finally:
        process.stop()


def test_the_http_side_is_served_on_its_own_socket(service_under_test, pb):
    import httpx

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    echo = service_under_test(pb.echo_app(http=lambda resources: app))
    path = echo.settings.socket("echo", "http")
    assert eventually(path.exists)
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://echo/").text == "hello"


def test_a_loop_that_raises_is_started_again(service_under_test, pb):
    turns = []

    def loop(resources, stop):
        turns.append(1)
        if len(turns) == 1:
            raise OSError("a bad day")
        stop.wait()

    service_under_test(pb.echo_app(loops=[loop]))
    assert eventually(lambda: len(turns) == 2)


def test_the_registry_is_imported_before_services_threads_ask_for_it(tmp_path):
    """Two threads that begin the import of a package and of its module can fail (Python 3.11)."""
    looks = "import sys, pathlib\nfrom xianban_sdk.process import Process\n"
    looks += "from xianban_sdk.settings import Settings\n"
    looks += "Process([], Settings(data=pathlib.Path(sys.argv[1]))).open_for_upkeep()\n"
    looks += "print('xianban_sdk.plugins.registry.following' in sys.modules)"
    command = [sys.executable, "-c", looks, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
