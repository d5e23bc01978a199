"""Values that cannot be meant are refused, with a word that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

SCALE = {"enabled": True, "min": 2, "max": 4, "cpu": 70}


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"postgresql": {"enabled": True}}, "database.existingSecret"),
        ({"rabbitmq": {"enabled": True}}, "broker.existingSecret"),
        ({"mosquitto": {}}, "uplink.mqtt.existingSecret"),
        ({"database": {"url": "postgresql://u:p@h/d"}}, "belongs into the Secret"),
        ({"broker": {"url": "amqp://u:p@h"}}, "belongs into the Secret"),
        ({"issuer": "http://xianban.example.org"}, "https://"),
        ({"services": {"sensing": None}, "uplink": {"enabled": True}}, "services.sensing"),
        ({"services": {"identity": None}}, "nobody could log in"),
        (
            {
                "ingress": {"enabled": True},
                "gateway": {"enabled": True, "parentRefs": [{"name": "x"}]},
            },
            "contradict",
        ),
        ({"gateway": {"enabled": True}}, "parentRefs"),
        ({"edge": {"service": {"type": "LoadBalancer"}}}, "without TLS"),
        ({"networkPolicy": {"egress": {"enabled": True}}}, "egress.to"),
        ({"tls": {"certManager": {"enabled": True}}}, "issuerRef"),
        ({"portal": {"replicas": 2}}, "must be 1"),
        ({"portal": {"autoscaling": SCALE}}, "must be 1"),
        ({"services": {"parking": {"autoscaling": SCALE | {"min": 9}}}}, "above"),
        ({"services": {"parking": {"peers": ["healht"]}}}, "none of"),
        ({"plugins": {"acme": {"image": "x/y:1", "hosts": ["parkin"]}}}, "none of"),
    ],
)
def test_dead_and_contradictory_values_are_named(
    refusal: Any, values: dict[str, Any], word: str
) -> None:
    assert word in refusal(values)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"replicas": 3}, "replicas"),
        ({"district": "fengxian"}, "district"),
        ({"issuer": "https://x.example/path"}, "issuer"),
        ({"services": {"parking": {"replica": 2}}}, "replica"),
        ({"services": {"parking": {"replicas": "2"}}}, "replicas"),
        ({"services": {"parking": {"secretKeys": "master"}}}, "secretKeys"),
        ({"services": {"Parking": {}}}, "Parking"),
        ({"services": {"parking": {"env": {"lower": "x"}}}}, "lower"),
        ({"services": {"parking": {"env": {"XIANBAN_X": 1}}}}, "XIANBAN_X"),
        ({"services": {"parking": {"files": {"../etc/passwd": ""}}}}, "passwd"),
        ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
        ({"database": {"existingSecret": ""}}, "existingSecret"),
        ({"edge": {"limits": {"BODY_BITES": 1}}}, "BODY_BITES"),
        ({"edge": {"service": {"port": 0}}}, "port"),
        ({"drain": {"graceSeconds": 0}}, "graceSeconds"),
        ({"otlp": {"traceSample": 2}}, "traceSample"),
        ({"plugins": {"acme": {"image": "x/y:1"}}}, "hosts"),
        ({"uplink": {"replicas": 2}}, "replicas"),
        ({"default": {"resources": {"requests": {"cpu": "lots"}}}}, "cpu"),
    ],
)
def test_the_schema_names_the_field(refusal: Any, values: dict[str, Any], field: str) -> None:
    said = refusal(values)
    assert "values don't meet the specifications of the schema" in said
    assert field in said
