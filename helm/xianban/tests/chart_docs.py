"""Reads what the chart renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHART = Path(__file__).parents[1]
HELM = CHART.parents[1] / ".venv-chart" / "bin" / "helm"

Docs = list[dict[str, Any]]


def of(docs: Docs, kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind, by name."""
    return {doc["metadata"]["name"]: doc for doc in docs if doc["kind"] == kind}


def pods(docs: Docs) -> dict[str, dict[str, Any]]:
    """Every pod's spec, by the name of what makes it."""
    makers = [doc for doc in docs if doc["kind"] in ("Deployment", "Job")]
    return {doc["metadata"]["name"]: doc["spec"]["template"]["spec"] for doc in makers}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """All containers of a pod."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def environment(pod: dict[str, Any], at: int = 0) -> dict[str, str]:
    """The variables that a container is given by name."""
    return {one["name"]: one["value"] for one in pod["containers"][at].get("env", [])}
