"""Channels between processes: patient with one that is busy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xianban_sdk.rpc import clients
from xianban_sdk.testing import ServiceUnderTest
from xianban_sdk.testing.line import Line

# A machine under load answers a new connection no sooner.
BUSY = 0.8


def test_a_service_that_takes_a_while_to_greet_is_waited_for(
    echo: ServiceUnderTest, tmp_path: Path, pb: Any
) -> None:
    path = str(tmp_path / "slow.sock")
    line = Line(path, echo.settings.address("echo").removeprefix("unix:"), BUSY)
    settings = echo.settings
    with clients.channel(f"unix:{path}", pb.NAME, process="echo", settings=settings) as channel:
        call = channel.unary_unary(f"/{pb.NAME}/Ping")
        answer = call(pb.Text(text="hello").SerializeToString(), timeout=10)
    line.cut()
    assert pb.Text.FromString(answer).text
    assert line.taken == 1
