"""Alerts: each fires when it should and not otherwise, has a runbook, and asks for real metrics."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_cases import CASES, Case
from xianban_sdk.instruments import INSTRUMENTS, prometheus_name

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "xianban"
RULES = CHART / "rules" / "xianban.yaml"
RUNBOOKS = ROOT / "docs" / "operations" / "runbooks"
DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
# A word that an expression calls a metric, by the prefixes that ours and Envoy's have.
METRIC = re.compile(r"\b(?:xianban|rpc|http|db|messaging|process|envoy)_[a-z0-9_]+(?=[{\s)\[]|$)")
# Envoy's own, as /stats/prometheus of the edge names them (tests/system/test_graph.py looks).
ENVOY = {
    "envoy_http_downstream_rq_xx",
    "envoy_listener_manager_lds_update_rejected",
    "envoy_cluster_manager_cds_update_rejected",
    "envoy_http_rds_update_rejected",
    "envoy_server_days_until_first_cert_expiring",
    "envoy_http_downstream_rq_time_bucket",
    "envoy_http_downstream_cx_active",
    "envoy_cluster_upstream_rq_xx",
}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def emitted() -> set[str]:
    """Every series that the suite has, as Prometheus names it."""
    names: set[str] = set(ENVOY)
    for one in INSTRUMENTS.values():
        name = prometheus_name(one)
        parts = ("_bucket", "_count", "_sum") if one.kind == "histogram" else ("",)
        names |= {name + part for part in parts}
    return names


def metrics_of(expression: str) -> set[str]:
    # Labels are no metrics.
    plain = re.sub(r"\{[^}]*\}", " ", expression)
    plain = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", plain)
    return set(METRIC.findall(plain))


def test_each_alert_has_a_runbook_and_each_runbook_an_alert():
    alerts = {rule["alert"] for rule in rules()}
    assert {page.stem for page in RUNBOOKS.glob("Xianban*.md")} == alerts


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_urgent_it_is_and_where_to_read_on(rule: dict[str, Any]):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert (ROOT / rule["annotations"]["runbook"]).is_file()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_the_suite_really_emits(rule: dict[str, Any]):
    asked = metrics_of(rule["expr"])
    assert asked
    assert asked <= emitted()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_splits_by_labels_that_its_metrics_have(rule: dict[str, Any]):
    known = {label.replace(".", "_") for one in INSTRUMENTS.values() for label in one.labels}
    known |= {
        "job",
        "instance",
        "le",
        "envoy_response_code_class",
        "envoy_http_conn_manager_prefix",
    }
    named = set(re.findall(r"(\w+)\s*[=!]~?\"", rule["expr"]))
    for split in re.findall(r"\bby\s*\(([^)]*)\)", rule["expr"]):
        named |= {label.strip() for label in split.split(",")}
    assert named <= known


def test_each_alert_has_a_case_that_fires_and_one_that_does_not():
    assert set(CASES) == {rule["alert"] for rule in rules()}
    assert all(case.fires != case.quiet for case in CASES.values())


@pytest.mark.parametrize("alert", CASES)
def test_promtool_agrees(alert: str, tmp_path: Path):
    if shutil.which("promtool") is None:
        pytest.skip("NO PROMTOOL: alert rules are not tested here; apt-get install prometheus")
    written = tmp_path / "case.yaml"
    written.write_text(json.dumps(_file(alert, CASES[alert])), "utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", written], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _file(alert: str, case: Case) -> dict[str, Any]:
    worlds = [_world(alert, case.fires, 1), _world(alert, case.quiet, 0)]
    return {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": worlds}


def _world(alert: str, series: dict[str, str], firing: int) -> dict[str, Any]:
    """At the thirtieth minute; an alert that waits an hour, at the hundredth."""
    asked = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)'
    at = "90m" if alert.endswith("CertificateEnds") else "30m"
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": told} for name, told in series.items()],
        "promql_expr_test": [
            {
                "expr": asked,
                "eval_time": at,
                "exp_samples": [{"labels": "{}", "value": firing}],
            }
        ],
    }


@pytest.mark.parametrize("page", DASHBOARDS, ids=lambda page: page.stem)
def test_a_dashboard_asks_for_what_the_suite_really_emits(page: Path):
    asked = re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', page.read_text("utf-8"))
    assert asked
    assert {name for one in asked for name in metrics_of(json.loads(f'"{one}"'))} <= emitted()
