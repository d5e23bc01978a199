"""Calls into a plugin's process: their time, their order, their end, and what comes back."""

import os
import signal
import threading
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger
from xianban.plugin.v1.plugin_pb2 import Start
from xianban_parking.hookspecs import LotObservation, Rejected, Remembering
from xianban_sdk import telemetry
from xianban_sdk.deadline import Deadline, current_deadline
from xianban_sdk.plugins import NOBODY, Limits, PluginRefused
from xianban_sdk.plugins import hooks as hooks_module
from xianban_sdk.plugins.isolation import child, remote
from xianban_sdk.plugins.isolation.breaker import Breaker, Restarts
from xianban_sdk.plugins.isolation.confined import bounds_of
from xianban_sdk.plugins.isolation.failures import CallerGone

FEED = """
class F:
    id, names, mode, cadence = "f", {"en": "F"}, "pull", timedelta(minutes=5)
    made = 0
    def read(self, now):
        for self.made in range(10_000):
            yield LotObservation("a", now, free=self.made)
    def parse(self, body, content_type, headers, now):
        yield Rejected("1", "made", str(self.made))
        raise PermissionError(content_type)
    def history(self, since, until):
        yield LotObservation("a", until, free=len(threading.enumerate()))

@hookimpl
def register_feed():
    return [F()]
"""
# As code does that catches everything: it answers all the same, late.
LATE = FEED.replace(
    "        for self.made in",
    """        try:
            for _ in range(5):
                time.sleep(0.02)
        except BaseException:
            pass
        for self.made in""",
)
NAPS = """
@hookimpl
def tariff_concessions(request):
    time.sleep(float(request.lot))
    return []
"""


def eventually(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def feed_of(hooks):
    [result] = hooks.registered("register_feed")
    return result.value[0]


def pid_of(hooks):
    return hooks.plugins["p"].runner.pid


def nap(hooks, stay, lot, seconds=None):
    [result] = hooks.each(
        "tariff_concessions", seconds, about=NOBODY, request=replace(stay, lot=lot)
    )
    return result.error


def test_a_capability_has_its_data_and_is_of_its_kinds(written):
    feed = feed_of(written(FEED))
    assert (feed.id, feed.names, feed.mode, feed.cadence.seconds) == ("f", {"en": "F"}, "pull", 300)
    assert isinstance(feed, Remembering)


def test_a_stream_is_read_as_far_as_it_is_wanted(written, stay):
    feed = feed_of(written(FEED))
    assert [one.free for one in feed.read(stay.start)] == list(range(10_000))
    few = list(islice(feed.read(now=stay.start), 3))
    assert few == [LotObservation("a", stay.start, free=n) for n in range(3)]
    [made] = [one.reason for one in islice(feed.parse(b"", "x", {}, stay.start), 1)]
    # An instalment ahead, not the whole.
    assert 3 <= int(made) < 1000


def test_what_came_before_an_error_is_had_all_the_same(written, stay):
    told = feed_of(written(FEED)).parse(b"", "text/none", {}, stay.start)
    assert next(told) == Rejected("1", "made", "0")
    with pytest.raises(PermissionError, match="text/none"):
        next(told)


def test_streams_that_nobody_reads_on_do_not_fill_the_plugin(written, stay):
    feed = feed_of(written(FEED))
    for _ in range(100):
        assert len(list(islice(feed.read(stay.start), 1))) == 1


def test_streams_that_come_when_nobody_waits_any_more_do_not_fill_the_plugin(written, stay):
    feed = feed_of(written(LATE))
    token = current_deadline.set(Deadline(30, is_abandoned=lambda: True))
    for _ in range(40):
        with pytest.raises(CallerGone):
            next(iter(feed.read(stay.start)))
    current_deadline.reset(token)
    assert next(iter(feed.read(stay.start))) == LotObservation("a", stay.start, free=0)


def test_a_call_may_take_its_own_time_and_no_more(written, stay):
    hooks = written(NAPS)
    assert nap(hooks, stay, "0.3", seconds=5) is None
    assert type(nap(hooks, stay, "5", seconds=0.2)).__name__ == "Overrun"


def test_a_caller_that_has_gone_is_not_waited_for(written, stay):
    hooks, gone = written(NAPS), threading.Event()
    token = current_deadline.set(Deadline(30, is_abandoned=gone.is_set))
    threading.Timer(0.2, gone.set).start()
    started = time.monotonic()
    error = nap(hooks, stay, "20", seconds=30)
    current_deadline.reset(token)
    assert type(error).__name__ == "CallerGone"
    assert time.monotonic() - started < 10


def test_a_plugins_process_comes_after_its_host_and_leaves_the_hosts_cpu(written):
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(own)})
    try:
        pid = pid_of(written(NAPS))
        assert os.sched_getaffinity(pid) >= own
        assert os.sched_getaffinity(0) == {min(own)}
    finally:
        os.sched_setaffinity(0, own)
    host = os.getpriority(os.PRIO_PROCESS, 0)
    threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    assert {os.getpriority(os.PRIO_PROCESS, one) for one in threads} == {min(host + 5, 19)}


def test_a_call_for_which_nobody_waits_is_not_begun_and_opens_no_breaker(written, stay):
    hooks = written(NAPS)
    pid = pid_of(hooks)
    token = current_deadline.set(Deadline(0))
    for _ in range(Breaker.FAULTS + 1):
        assert isinstance(nap(hooks, stay, "20"), CallerGone)
    # Also where the time ran out between the host's look and the plugin's turn.
    plugin = hooks.plugins["p"]
    with pytest.raises(CallerGone):
        plugin.implementations["tariff_concessions"].function(replace(stay, lot="20"))
    current_deadline.reset(token)
    assert nap(hooks, stay, "0") is None
    assert pid_of(hooks) == pid
    assert hooks.quarantined == {}


def test_calls_at_the_same_time_do_not_wait_for_each_other_up_to_the_limit(written, stay):
    hooks, errors = written(NAPS, calls_at_once=2), []
    threads = [
        threading.Thread(target=lambda: errors.append(nap(hooks, stay, "0.5", seconds=0.9)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The third one's turn comes when half of its time is over.
    assert sorted(type(error).__name__ for error in errors) == ["NoneType", "NoneType", "Overrun"]


def test_a_process_that_died_is_there_again_and_capabilities_go_on(written, stay):
    hooks = written(FEED)
    feed, before = feed_of(hooks), pid_of(hooks)
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: pid_of(hooks) not in (0, before))
    assert next(iter(feed.read(stay.start))).free == 0
    assert hooks.quarantined == {}


def test_a_process_that_was_ended_before_anybody_watched_it_is_told_as_gone(tmp_path):
    start, told = Start(plugin="p", scratch=str(tmp_path), bounds=bounds_of(Limits())), []
    ended = child.Child(start, {}, None)
    ended.kill()
    ended.watch(told.append, lambda: True)
    assert eventually(lambda: told)
    for lane in ended.lanes:
        lane.close()


def test_a_plugin_that_keeps_dying_is_set_aside_and_says_why(written, stay, monkeypatch):
    monkeypatch.setattr(Restarts, "PAUSE", 0.05)
    hooks = written(NAPS)
    for _ in range(Restarts.MOST):
        assert eventually(lambda: pid_of(hooks) or hooks.quarantined)
        os.kill(pid_of(hooks), signal.SIGKILL)
        assert eventually(lambda: not pid_of(hooks) or hooks.quarantined)
    assert eventually(lambda: "SIGKILL" in hooks.quarantined.get("p", ""))
    assert "is quarantined" in str(nap(hooks, stay, "0"))
    # A process of its own: ours need not start anew.
    assert hooks.hung == {}


def test_one_that_is_left_alone_is_said_once_and_fills_no_log(written, stay, monkeypatch):
    log = CapturingLogger()
    monkeypatch.setattr(hooks_module, "log", log)
    monkeypatch.setattr(remote, "log", log)
    hooks = written("@hookimpl\ndef tariff_concessions():\n    raise RuntimeError('no')\n")
    errors = [nap(hooks, stay, "0") for _ in range(Breaker.FAULTS + 20)]
    assert [type(one).__name__ for one in errors[Breaker.FAULTS :]] == ["PluginUnavailable"] * 20
    told = [event for _, (event,), _ in log.calls]
    assert told.count("plugin_failed") == Breaker.FAULTS
    assert told.count("plugin_paused") == 1
    # Our own frames say nothing about somebody else's process.
    assert not any("exc_info" in fields for _, _, fields in log.calls)


def test_a_plugin_that_keeps_failing_is_left_alone_for_a_while(written, stay):
    hooks = written("@hookimpl\ndef tariff_concessions():\n    raise RuntimeError('no')\n")
    errors = [type(nap(hooks, stay, "")).__name__ for _ in range(Breaker.FAULTS + 1)]
    assert errors == ["PluginFailed"] * Breaker.FAULTS + ["PluginUnavailable"]


def test_strangers_bad_input_does_not_open_the_breaker(written, stay):
    hooks = written("@hookimpl\ndef tariff_concessions():\n    raise PermissionError('forged')\n")
    errors = {type(nap(hooks, stay, "")).__name__ for _ in range(Breaker.FAULTS * 3)}
    assert errors == {"PermissionError"}


def test_what_the_kernel_refuses_a_plugin_counts_against_it(written, stay):
    hooks = written("@hookimpl\ndef tariff_concessions():\n    open('/etc/shadow')\n")
    errors = [type(nap(hooks, stay, "")).__name__ for _ in range(Breaker.FAULTS + 1)]
    assert errors == ["OSError"] * Breaker.FAULTS + ["PluginUnavailable"]


def test_a_file_is_handed_in_and_gone_afterwards(written, tmp_path):
    hooks = written("""
class Lines:
    id = "lines"
    def recognises(self, head):
        return head == b"x"
    def read(self, path):
        for line in path.read_text().splitlines():
            yield Rejected(str(path), "line", line)
        try:
            path.write_text("spoilt")
        except OSError as error:
            yield Rejected("", "written", type(error).__name__)
@hookimpl
def register_file_format():
    return [Lines()]
""")
    file = tmp_path / "lots.txt"
    file.write_text("a\nb\n")
    file.chmod(0o600)
    [result] = hooks.registered("register_file_format")
    [kind] = result.value
    assert kind.recognises(b"x") is True
    found = list(kind.read(file))
    assert [one.reason for one in found] == ["a", "b", "PermissionError"]
    assert file.read_text() == "a\nb\n"
    assert not os.path.exists(found[0].item)


def test_what_a_plugin_logs_is_in_the_hosts_log(written, stay, monkeypatch):
    log = CapturingLogger()
    monkeypatch.setattr(child, "log", log)
    hooks = written(
        "@hookimpl\ndef tariff_concessions():\n    logging.warning('odd %s', 7)\n    return []\n"
    )
    assert nap(hooks, stay, "") is None
    assert eventually(lambda: log.calls)
    assert log.calls == [("warning", ("plugin_said",), {"plugin": "p", "text": "odd 7"})]


def test_a_plugin_is_let_go_with_what_it_registered(written):
    hooks = written(FEED)
    pid = feed_of(hooks) and pid_of(hooks)
    hooks.let_go("p")
    assert hooks.registered("register_feed") == []
    assert eventually(lambda: not os.path.exists(f"/proc/{pid}"))


def test_what_the_operator_requires_must_be_there(written, settings):
    object.__setattr__(settings, "plugin_require", "landlock,charms")
    with pytest.raises(PluginRefused, match="charms"):
        written(NAPS)


def test_the_breaker_lets_one_call_through_after_its_pause():
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(Breaker.FAULTS):
        assert breaker.pause() == 0
        breaker.failed()
    assert breaker.pause() == Breaker.PAUSE
    now[0] += Breaker.PAUSE
    assert breaker.pause() == 0
    assert breaker.pause() > 0
    breaker.failed()
    assert breaker.pause() == Breaker.PAUSE * 2
    now[0] += Breaker.PAUSE * 2
    assert breaker.pause() == 0
    breaker.succeeded()
    assert breaker.pause() == breaker.pause() == 0


def test_faults_far_apart_do_not_open_the_breaker():
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(Breaker.FAULTS * 4):
        breaker.failed()
        now[0] += Breaker.WINDOW
    assert breaker.pause() == 0


def test_what_a_plugin_raises_now_and_then_does_not_open_the_breaker():
    breaker = Breaker(lambda: 0.0)
    for _ in range(Breaker.FAULTS * 4):
        breaker.failed(raised=True)
        breaker.succeeded()
    assert breaker.pause() == 0
    for _ in range(Breaker.FAULTS):
        breaker.failed(raised=True)
    assert breaker.pause() == Breaker.PAUSE


def test_waiting_for_a_plugin_counts_however_often_it_answers_between():
    breaker = Breaker(lambda: 0.0)
    for _ in range(Breaker.FAULTS):
        breaker.succeeded()
        assert breaker.pause() == 0
        breaker.failed()
    assert breaker.pause() == Breaker.PAUSE


def test_restarts_come_later_and_later_and_then_not_at_all():
    now = [0.0]
    restarts = Restarts(lambda: now[0])
    pauses = [restarts.pause() for _ in range(Restarts.MOST)]
    assert pauses[0] == 0
    assert pauses[-1] is None
    assert pauses[:-1] == sorted(pauses[:-1])
    now[0] += Restarts.WINDOW + 1
    assert restarts.pause() == 0


def test_each_call_is_a_span_that_tells_the_plugin_the_hook_and_the_failure(
    written, stay, otlp_collector
):
    hooks = written(NAPS)
    assert nap(hooks, stay, "0") is None
    assert nap(hooks, stay, "nonsense") is not None
    spans = [one for one in otlp_collector.get_finished_spans() if "hook" in one.attributes]
    told = [(one.attributes["plugin"], one.attributes["hook"], one.status.is_ok) for one in spans]
    assert told == [("p", "tariff_concessions", True), ("p", "tariff_concessions", False)]


def test_what_a_plugin_logs_belongs_to_the_trace_of_its_call(written, stay):
    hooks = written("""
from xianban_sdk.sandbox.context import trace
@hookimpl
def tariff_concessions():
    return [Concession("k", {"en": trace.parent}, percent=1)]
""")
    with telemetry.span("a call") as span:
        [[told]] = hooks.values("tariff_concessions", about=NOBODY, request=stay)
    assert span.context.trace_id in told.names["en"]
