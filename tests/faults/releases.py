"""The next release, made up: every service's package and the SDK, each with one migration more.

The folder comes first on PYTHONPATH, so that a process started with it runs the next release and
its neighbour still runs this one.
"""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory
from xianban_sdk.app import installed_services

# One table of each that the load writes to.
TABLES: Final = {
    "eldercare": "press",
    "identity": "person",
    "notify": "message",
    "parking": "reservation",
    "sensing": "device",
}
COLUMN: Final = "of_release"
NEXT: Final = "9001"

_MIGRATION = '''"""A column more.

Revision ID: {next}
"""

import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in {tables!r}:
        op.add_column(table, sa.Column("{column}", sa.Text(), nullable=True))
        op.create_index(f"{{table}}_{column}", table, ["{column}"])
'''
_COLUMN = f"""

outbox.append_column(Column("{COLUMN}", Text, default="{NEXT}"))
"""


def next_release(folder: Path) -> Path:
    """Writes it; a process with `PYTHONPATH=folder` runs it."""
    for service in installed_services(None):
        package = _copied(service.package, folder)
        _migrate(package / "migrations", [TABLES[service.name]])
    sdk = _copied("xianban_sdk", folder)
    _migrate(sdk / "storage/migrations", ["outbox"])
    # Whoever runs the next release says so in each event.
    tables = sdk / "storage/tables.py"
    tables.write_text(tables.read_text("utf-8") + _COLUMN, "utf-8")
    return folder


def _copied(package: str, folder: Path) -> Path:
    source = Path(str(resources.files(package)))
    copy = folder / package
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def _migrate(folder: Path, tables: list[str]) -> None:
    versions = folder / "versions"
    before = ScriptDirectory(str(folder), version_locations=[str(versions)]).get_current_head()
    text = _MIGRATION.format(next=NEXT, before=before, tables=tables, column=COLUMN)
    (versions / f"{NEXT}_next.py").write_text(text, "utf-8")
