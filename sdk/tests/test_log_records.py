"""Log lines on their way to a collector."""

import os

import orjson
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.resources import Resource
from xianban_sdk.log_lines import Lines
from xianban_sdk.log_records import record_of, send_lines

LINE = {
    "event": "call",
    "level": "warning",
    "timestamp": "2026-11-30T04:00:00.000001Z",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
    "service": "parking",
    "ms": 1.5,
    "subject": None,
    "services": ["parking"],
}


def test_a_line_keeps_its_moment_its_level_its_trace_and_its_fields():
    made = record_of(LINE)
    assert (made.body, made.severity_number) == ("call", SeverityNumber.WARN)
    assert made.timestamp == 1_796_011_200_000_001_000
    assert (made.trace_id, made.span_id) == (int(LINE["trace_id"], 16), int(LINE["span_id"], 16))
    assert made.attributes == {"xianban.service": "parking", "ms": 1.5, "services": '["parking"]'}


def test_a_line_outside_of_a_trace_has_none():
    assert not record_of({"event": "stopped", "timestamp": "2026-11-30T04:00:00+00:00"}).trace_id


def test_what_is_written_is_sent_and_what_can_not_be_read_costs_no_line(tmp_path):
    file = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    lines, kept = Lines(file), InMemoryLogRecordExporter()
    flush = send_lines(lines, kept, Resource.get_empty())
    lines.info(b"no JSON")
    lines.info(orjson.dumps(LINE))
    flush(2000)
    os.close(file)
    assert [one.log_record.body for one in kept.get_finished_logs()] == ["call"]
    assert (tmp_path / "log").read_bytes().count(b"\n") == 2
