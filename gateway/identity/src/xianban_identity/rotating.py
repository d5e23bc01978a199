"""`xianban signing-keys`: the next key signs from now on, beside the running suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import typer
from sqlalchemy import Engine, create_engine, func, make_url, select, update
from xianban_sdk.app import database_url
from xianban_sdk.cli.console import console, fail
from xianban_sdk.cli.options import Data, Database, load
from xianban_sdk.settings import Settings
from xianban_sdk.storage.tables import timer

from xianban_identity.oidc.keys import ROTATE_TIMER
from xianban_identity.repository.tables import signing_key

__all__ = ["app", "rotate_soon"]

# Envoy and the services ask for keys every ten seconds: a key that signs is known to all of them.
_KNOWN_AFTER: Final = timedelta(minutes=1)

app = typer.Typer(no_args_is_help=True, help="Token signing keys.")


@app.callback()
def _group() -> None:
    """One command so far; a group all the same."""


@app.command()
def rotate(data: Data = None, database: Database = None) -> None:
    """Lets the next signing key sign now instead of in up to thirty days; identity runs.

    Tokens of the old key hold until they end, five minutes at most.
    """
    if waits := rotate_soon(load(data=data, database=database), datetime.now(UTC)):
        fail(f"The next key is not known to everybody yet: again in {waits} s.")
    console.print("✓ The next key signs within a second.")


def rotate_soon(settings: Settings, now: datetime) -> int:
    """Makes the timer due that rotates the keys anyway; else how many seconds are to be waited."""
    engine = _engine(settings)
    try:
        with engine.begin() as conn:
            newest = conn.scalar(select(func.max(signing_key.c.created_at)))
            if newest is None:
                fail("Identity has no signing keys here: it has not run yet.")
            if now - newest < _KNOWN_AFTER:
                return int((_KNOWN_AFTER - (now - newest)).total_seconds()) + 1
            mine = update(timer).where(timer.c.kind == ROTATE_TIMER)
            conn.execute(mine.values(due_at=now, not_before=now))
        return 0
    finally:
        engine.dispose()


def _engine(settings: Settings) -> Engine:
    """Beside the owner of a SQLite file: one short transaction, as its own would be."""
    url = make_url(database_url("identity", settings))
    if url.get_backend_name() == "sqlite":
        return create_engine(url, connect_args={"timeout": 10})
    options = {"options": "-c search_path=identity -c timezone=UTC"}
    return create_engine(url.set(drivername="postgresql+psycopg"), connect_args=options)
