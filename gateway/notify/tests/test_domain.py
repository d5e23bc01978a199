"""What may become a message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from xianban_notify.domain import Message, MessageRefusedError, checked

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
GOOD = Message(
    id="m",
    recipient="r",
    domain="parking",
    template="parking-receipt",
    params={"fee": "12.50"},
    link="/parking/receipts/1",
    urgent=False,
    subject="",
    dedupe_key="k",
    created_at=NOW,
)


def test_a_message_is_read_once() -> None:
    read = GOOD.read(NOW)
    assert read.read_at == NOW
    assert read.read(NOW + timedelta(hours=1)).read_at == NOW


def test_a_good_message_passes() -> None:
    assert checked(GOOD) is GOOD


@pytest.mark.parametrize(
    "bad",
    [
        {"recipient": ""},
        {"template": ""},
        {"template": "../etc"},
        {"link": "https://evil.test/"},
        {"link": "//evil.test"},
        {"link": "/\\evil.test"},
        {"params": {str(n): "" for n in range(41)}},
        {"params": {"a": "x" * 2001}},
    ],
)
def test_what_cannot_be_shown_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(MessageRefusedError):
        checked(replace(GOOD, **bad))  # type: ignore[arg-type]
