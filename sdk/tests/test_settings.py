"""Where the uplink meets the broker, by what the settings say of it."""

from __future__ import annotations

from pathlib import Path
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


def test_up_goes_by_its_port_only_where_nobody_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xianban_sdk.cli.suite import _on_this_port

    for name in ("XIANBAN_ISSUER", "XIANBAN_MQTT_LISTEN"):
        monkeypatch.delenv(name, raising=False)
    assert _on_this_port(Settings(), 9123).issuer == "http://127.0.0.1:9123"
    file = tmp_path / "xianban.toml"
    file.write_text('issuer = "https://x.example"\nmqtt_listen = "0.0.0.0:8883"\n')
    chosen = _on_this_port(Settings.load(file=file), 9123)
    assert (chosen.issuer, chosen.mqtt_listen) == ("https://x.example", "0.0.0.0:8883")
