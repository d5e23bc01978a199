"""What every hop hands on: less time, the same trace; and which spans are kept."""

import os

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from xianban_sdk import telemetry
from xianban_sdk.deadline import HOP_MARGIN, Deadline, current_deadline, hop_timeout
from xianban_sdk.errors import DeadlineExceeded, Unavailable
from xianban_sdk.identity.workload import IdentityHttp, WorkloadIdentity, load_or_create_key
from xianban_sdk.settings import Settings

TRACE = "00-" + "a" * 32 + "-" + "b" * 16


@pytest.fixture
def serving():
    """Pretends that a call with two seconds left is being served."""
    token = current_deadline.set(Deadline(2.0, lambda: 0.0))
    yield
    current_deadline.reset(token)


def test_a_hop_gets_what_is_left_less_a_margin(serving):
    assert hop_timeout(5.0) == pytest.approx(2.0 - HOP_MARGIN)
    assert hop_timeout(5.0, asked=0.5) == 0.5


def test_no_hop_is_made_when_no_time_is_left():
    token = current_deadline.set(Deadline(0.01, lambda: 0.0))
    try:
        with pytest.raises(DeadlineExceeded):
            hop_timeout(5.0)
    finally:
        current_deadline.reset(token)


@pytest.fixture
def spans(tmp_path):
    exporter = InMemorySpanExporter()
    telemetry.configure(Settings(data=tmp_path, trace_sample=0.0), "test")
    telemetry.add_exporter(exporter, SimpleSpanProcessor(exporter))
    return exporter


def test_an_unsampled_span_is_kept_only_when_it_fails(spans):
    with telemetry.span("well"):
        pass
    with pytest.raises(ValueError), telemetry.span("badly") as failed:
        raise ValueError
    found = spans.get_finished_spans()
    assert [span.name for span in found] == ["badly"]
    assert f"{found[0].context.span_id:016x}" == failed.context.span_id
    assert f"{found[0].context.trace_id:032x}" == failed.context.trace_id


def test_the_safety_lane_is_always_kept(spans):
    with telemetry.span("alarm", keep=True):
        pass
    assert [span.name for span in spans.get_finished_spans()] == ["alarm"]


def test_a_callers_trace_goes_on_with_its_choice_of_sampling(spans):
    with telemetry.remote(f"{TRACE}-01"), telemetry.span("next") as span:
        assert span.context.trace_id == "a" * 32
        assert telemetry.current().traceparent.endswith("-01")
    assert f"{spans.get_finished_spans()[0].parent.span_id:016x}" == "b" * 16


@pytest.mark.parametrize("header", ["", "00-xyz", "ff" + TRACE[2:] + "-01", "00-" + "0" * 32])
def test_a_malformed_trace_header_starts_a_new_trace(header):
    assert telemetry.TraceContext.parse(header) is None


def test_a_workload_key_is_made_once_and_for_its_owner_alone(tmp_path):
    first = load_or_create_key(tmp_path, "parking").thumbprint()
    assert load_or_create_key(tmp_path, "parking").thumbprint() == first
    assert os.stat(tmp_path / "parking.pem").st_mode & 0o777 == 0o600
    assert b'"d"' not in (tmp_path / "parking.pub.json").read_bytes()


class Identity(IdentityHttp):
    """A token endpoint that counts, and can be away."""

    def __init__(self):
        self.issuer, self.asked, self.away = "http://issuer", 0, False

    def token(self, form):
        self.asked += 1
        if self.away:
            raise ValueError("away")
        return {"access_token": f"token-{self.asked}", "expires_in": 300, "form": form}


def test_a_workload_token_is_kept_until_near_its_end(tmp_path, clock):
    from datetime import timedelta

    identity = Identity()
    workload = WorkloadIdentity(Settings(data=tmp_path), "parking", identity, clock)
    assert [workload.token("identity") for _ in range(3)] == ["token-1"] * 3
    clock.advance(timedelta(seconds=245))
    assert workload.token("identity") == "token-2"
    identity.away = True
    clock.advance(timedelta(seconds=245))
    assert workload.token("identity") == "token-2"
    clock.advance(timedelta(seconds=60))
    with pytest.raises(Unavailable, match="IDENTITY_UNAVAILABLE"):
        workload.token("identity")
