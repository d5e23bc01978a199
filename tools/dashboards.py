"""Writes Grafana's dashboards into the chart; `make check` fails on drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dashboard_boards import BOARDS, Board, Panel

FOLDER = Path(__file__).parents[1] / "helm" / "xianban" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${source}"}
ACROSS, HIGH, WIDE = 24, 8, 8


def graph(number: int, panel: Panel) -> dict[str, Any]:
    per_row = ACROSS // WIDE
    place = {"x": number % per_row * WIDE, "y": number // per_row * HIGH, "w": WIDE, "h": HIGH}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {
                "refId": "A",
                "datasource": SOURCE,
                "expr": panel.expr,
                "legendFormat": panel.legend or panel.title,
            }
        ],
    }


def variables(board: Board) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{"name": "source", "type": "datasource", "query": "prometheus"}]
    if board.service:
        query = f"label_values({board.service}, xianban_service)"
        made.append(
            {"name": "service", "type": "query", "datasource": SOURCE, "query": query, "refresh": 2}
        )
    return made


def page(board: Board) -> dict[str, Any]:
    return {
        "uid": board.uid,
        "title": board.title,
        "tags": ["xianban"],
        "schemaVersion": 39,
        "timezone": "Asia/Shanghai",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": variables(board)},
        "panels": [graph(number, panel) for number, panel in enumerate(board.panels)],
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for board in BOARDS:
        written = json.dumps(page(board), ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{board.uid.removeprefix('xianban-')}.json").write_text(written, "utf-8")


if __name__ == "__main__":
    main()
