"""A running service tells the doctor how it is."""

from __future__ import annotations

from xianban_sdk import diagnosis
from xianban_sdk.testing import ServiceUnderTest


def test_a_running_service_speaks_for_itself(echo: ServiceUnderTest) -> None:
    found = {one.key for one in diagnosis.service(echo.app, echo.settings)}
    assert found & {"dependencies-well", "dependency"}
    assert "events-well" in found
