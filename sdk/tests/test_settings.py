"""Where the uplink meets the broker, by what the settings say of it."""

from __future__ import annotations

from typing import Any

import pytest
from xianban_sdk.settings import Settings


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "mqtt://127.0.0.1:1883#v3"),
        ({"mqtt_listen": "0.0.0.0:8883", "mqtt_cert": "a.crt"}, "mqtts://127.0.0.1:8883#v3"),
        ({"mqtt_listen": "10.1.2.3:1884"}, "mqtt://10.1.2.3:1884#v3"),
        ({"mqtt": "mqtts://mosquitto:8883", "mqtt_cert": "a.crt"}, "mqtts://mosquitto:8883"),
    ],
)
def test_the_broker_is_met_where_it_listens(given: dict[str, Any], url: str) -> None:
    assert Settings(**given).mqtt_url == url
