"""What becomes of plugins is in the audit, without what they said."""

import pytest
from sqlalchemy import select
from xianban_sdk.plugins import Hooks, Manifest, Plugin
from xianban_sdk.plugins.loaded import Doing
from xianban_sdk.plugins.noted import PluginsNoted
from xianban_sdk.plugins.tiers import PROCESS, SetAside
from xianban_sdk.rpc.accesses import AccessLog
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.migrate import migrate
from xianban_sdk.storage.tables import audit


@pytest.fixture
def db(tmp_path):
    made = Database.open(f"sqlite:///{tmp_path}/t.db", owner="parking")
    migrate(made, None)
    yield made
    made.close()


def rows(db):
    with db.read() as conn:
        found = conn.execute(select(audit).order_by(audit.c.seq)).all()
    return [(row.actor, row.action, row.outcome, row.basis) for row in found]


def test_a_plugin_that_falls_and_comes_back_leaves_a_row_each_time(db, clock, ids):
    hooks = Hooks("parking", {})
    noted = PluginsNoted(hooks, AccessLog(db, clock, ids))
    runner = SetAside("")
    hooks.take_up(Plugin(Manifest("acme", "1", "t", ">=1", frozenset()), {}, runner, PROCESS))
    noted.look()
    assert rows(db) == []
    runner.set_aside = "it goes on failing: ValueError: 13800000000 is no number"
    for _ in range(3):
        noted.look()
    fell = ("plugins/acme", "plugin", "set-aside", "it goes on failing")
    assert rows(db) == [fell]
    runner.set_aside = ""
    noted.look()
    assert rows(db) == [fell, ("plugins/acme", "plugin", "asked-again", "")]


def test_one_that_is_taken_away_is_noted_as_let_go(db, clock, ids):
    hooks = Hooks("parking", {})
    noted = PluginsNoted(hooks, AccessLog(db, clock, ids))
    manifest = Manifest("acme", "1", "t", ">=1", frozenset())
    hooks.take_up(Plugin(manifest, {}, SetAside("no plugin.py"), PROCESS))
    noted.look()
    hooks.let_go("acme")
    noted.look()
    assert [row[2] for row in rows(db)] == ["set-aside", "let-go"]


def test_an_end_and_a_pause_leave_a_row_each_while_the_plugin_is_asked_again(db, clock, ids):
    hooks = Hooks("parking", {})
    noted = PluginsNoted(hooks, AccessLog(db, clock, ids))
    runner = SetAside("")
    hooks.take_up(Plugin(Manifest("acme", "1", "t", ">=1", frozenset()), {}, runner, PROCESS))
    noted.look()
    for runner.doing in (Doing(restarts=1), Doing(restarts=1, paused=5.0), Doing(restarts=2)):
        noted.look()
        noted.look()
    assert [row[2] for row in rows(db)] == ["ended", "paused", "ended"]
