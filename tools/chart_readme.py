"""Writes the table of helm/xianban/README.md from the comments of values.yaml; `--check` compares.

A key's comment stands right above it; keys without one are told by their parent's.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[1] / "helm" / "xianban"
BEGIN, END = "<!-- values -->", "<!-- /values -->"
KEY = re.compile(r"^( *)([A-Za-z][\w-]*):")


def rows(text: str) -> Iterator[tuple[str, Any, str]]:
    """(path, default, comment) of every key that has a comment."""
    values = yaml.safe_load(text)
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("# "):
            comment.append(line.strip()[2:])
            continue
        if found := KEY.match(line):
            depth, name = len(found[1]), found[2]
            path = [*(one for one in path if one[0] < depth), (depth, name)]
            if comment:
                names = [one[1] for one in path]
                yield ".".join(names), _at(values, names), " ".join(comment)
        comment = []


def _at(values: Any, names: list[str]) -> Any:
    for name in names:
        values = values[name]
    return values


def table(text: str) -> str:
    """The Markdown table."""
    lines = ["| value | default | what |", "|---|---|---|"]
    for path, default, comment in rows(text):
        shown = "…" if isinstance(default, dict) and default else f"`{json.dumps(default)}`"
        lines.append(f"| `{path}` | {shown} | {comment} |")
    return "\n".join(lines)


def main() -> None:
    readme = CHART / "README.md"
    before = readme.read_text("utf-8")
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = table((CHART / "values.yaml").read_text("utf-8"))
    after = f"{head}{BEGIN}\n{made}\n{END}{tail}"
    if "--check" in sys.argv:
        sys.exit(
            0 if before == after else "README.md differs from values.yaml: tools/chart.sh readme"
        )
    readme.write_text(after, "utf-8")


main()
