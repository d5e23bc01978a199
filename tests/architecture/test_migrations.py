"""A release's code must run on the schema of the next: a migration adds, what goes waits a release.

Held for what came after the first release's schema. See docs/operations/upgrade.md.
"""

from __future__ import annotations

import ast
import re
from importlib import resources
from pathlib import Path

import pytest
from xianban_sdk.app import installed_services

ROOT = Path(__file__).parents[2]
# The newest revision of each history in 0.1.0: nobody ran anything before it.
FIRST_RELEASE = {
    "xianban_eldercare": "0017",
    "xianban_identity": "0004",
    "xianban_notify": "0004",
    "xianban_parking": "0003",
    "xianban_sensing": "0003",
    "xianban_sdk.storage": "0006",
}
# What code of the release before would stumble over.
TAKES_AWAY = frozenset(
    {"alter_column", "drop_column", "drop_constraint", "drop_table", "rename_table"}
    | {"create_unique_constraint", "create_check_constraint", "create_foreign_key"}
)
# A contracting migration names the release since which no code uses what goes.
UNUSED_SINCE = "unused_since"


def histories() -> list[str]:
    return sorted({*(one.package for one in installed_services(None)), "xianban_sdk.storage"})


def later(history: str) -> list[Path]:
    """Its migrations after the first release, or all of one that came later."""
    folder = Path(str(resources.files(f"{history}.migrations"))) / "versions"
    first = FIRST_RELEASE.get(history, "")
    return sorted(file for file in folder.glob("*.py") if file.name[:4] > first)


def releases() -> set[str]:
    """Those that are out, by the changelog."""
    headings = re.findall(r"^## (\d+\.\d+\.\d+)(.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    return {version for version, rest in headings if "unreleased" not in rest}


def faults(source: str, released: set[str]) -> list[str]:
    """What an older release's code would stumble over; empty where that release is past."""
    tree = ast.parse(source)
    names = {
        getattr(node.targets[0], "id", ""): getattr(node.value, "value", None)
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    if names.get(UNUSED_SINCE) in released:
        return []
    upgrade = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "upgrade")
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call)]
    return [fault for call in calls if (fault := _fault(call))]


def _fault(call: ast.Call) -> str:
    name = getattr(call.func, "attr", "")
    said = {one.arg: getattr(one.value, "value", "") for one in call.keywords}
    if name in TAKES_AWAY:
        return name
    if name == "create_index" and said.get("unique"):
        return "a unique index"
    if name == "add_column":
        column = next(a for a in call.args if isinstance(a, ast.Call))
        told = {one.arg: getattr(one.value, "value", "") for one in column.keywords}
        if told.get("nullable") is False and "server_default" not in told:
            return "a column that must be filled"
    return ""


@pytest.mark.parametrize("history", histories())
def test_a_migration_after_the_first_release_only_adds(history: str) -> None:
    found = {file.name: faults(file.read_text("utf-8"), releases()) for file in later(history)}
    assert not any(found.values()), found


def test_what_takes_away_is_found_until_nobody_uses_it() -> None:
    drops = "def upgrade():\n    op.drop_column('lot', 'colour')\n"
    assert faults(drops, set()) == ["drop_column"]
    since = "unused_since = '0.2.0'\n" + drops
    assert faults(since, {"0.1.0"}) == ["drop_column"]
    assert faults(since, {"0.1.0", "0.2.0"}) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("op.add_column('lot', sa.Column('x', sa.Text(), nullable=True))", []),
        (
            "op.add_column('lot', sa.Column('x', sa.Text(), nullable=False, server_default=''))",
            [],
        ),
        (
            "op.add_column('lot', sa.Column('x', sa.Text(), nullable=False))",
            ["a column that must be filled"],
        ),
        ("op.create_index('i', 'lot', ['x'])", []),
        ("op.create_index('i', 'lot', ['x'], unique=True)", ["a unique index"]),
    ],
)
def test_what_may_be_added(line: str, fault: list[str]) -> None:
    assert faults(f"def upgrade():\n    {line}\n", set()) == fault
