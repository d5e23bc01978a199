import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import xianban_sdk.storage.alembic_runs  # noqa: F401 - pytest rewrites it; 3.11 can't in threads
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from xianban_sdk.storage import (
    Database,
    DatabaseInUse,
    Instant,
    drift,
    is_transient,
    migrate,
    needs_migration,
    sdk_metadata,
    upsert,
)

metadata = MetaData()
visit = Table(
    "visit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant),
    Column("note", Text),
)

NOON = datetime(2026, 11, 23, 4, 0, 0, 123457, tzinfo=UTC)


@pytest.fixture
def visits(database: Database) -> Database:
    with database.begin() as conn:
        metadata.create_all(conn)
    return database


def test_nobody_else_on_the_machine_reads_a_file_with_residents_data(tmp_path: Path) -> None:
    file = tmp_path / "open.db"
    file.touch(mode=0o664)
    file.chmod(0o664)
    for name in ("fresh.db", "open.db"):
        opened = Database.open(f"sqlite:///{tmp_path}/{name}", owner="test")
        with opened.begin() as conn:
            metadata.create_all(conn)
        found = [*tmp_path.glob(f"{name}*")]
        assert len(found) == 4  # the file, its journal, their index, the lock
        assert not any(one.stat().st_mode & 0o007 for one in found)
        opened.close()
    # Who may read it in the operator's group is the operator's matter.
    assert file.stat().st_mode & 0o060


def test_an_instant_comes_back_as_the_same_utc_instant(visits: Database) -> None:
    in_shanghai = NOON.astimezone(timezone(timedelta(hours=8)))
    with visits.begin() as conn:
        conn.execute(insert(visit).values(id=1, at=in_shanghai))
    with visits.read() as conn:
        found = conn.scalars(select(visit.c.at)).one()
    assert found == NOON
    assert found.utcoffset() == timedelta(0)


def test_instants_compare_in_the_database(visits: Database) -> None:
    with visits.begin() as conn:
        conn.execute(insert(visit), [{"id": n, "at": NOON + timedelta(hours=n)} for n in range(4)])
        later = select(visit.c.id).where(visit.c.at > NOON + timedelta(hours=1, microseconds=-1))
        assert sorted(conn.scalars(later)) == [1, 2, 3]


def test_a_naive_datetime_is_refused(visits: Database) -> None:
    with pytest.raises(StatementError, match="naive"), visits.begin() as conn:
        conn.execute(insert(visit).values(id=1, at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_what_an_exception_leaves_is_rolled_back(visits: Database) -> None:
    def fail_half_way() -> None:
        with visits.begin() as conn:
            conn.execute(insert(visit).values(id=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with visits.read() as conn:
        assert conn.execute(select(visit)).all() == []


def test_a_read_connection_cannot_write(visits: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read.?only"), visits.read() as conn:
        conn.execute(insert(visit).values(id=1))


def test_upsert_replaces_the_row_of_the_same_key(visits: Database) -> None:
    with visits.begin() as conn:
        for note in ("first", "second"):
            upsert(conn, visit, {"id": 1, "note": note, "at": None})
        assert conn.scalars(select(visit.c.note)).all() == ["second"]


def test_writers_in_many_threads_take_turns(visits: Database) -> None:
    def write(number: int) -> None:
        for step in range(10):
            with visits.begin() as conn:
                conn.execute(insert(visit).values(id=number * 100 + step))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with visits.read() as conn:
        assert len(conn.execute(select(visit)).all()) == 60


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    assert not needs_migration(database)


def test_the_migrated_database_has_the_tables_of_the_code(database: Database) -> None:
    assert drift(database, sdk_metadata) == []


def test_a_missing_column_is_found(database: Database) -> None:
    with database.begin() as conn:
        conn.execute(text("ALTER TABLE relation_watermark DROP COLUMN observe_time"))
    assert drift(database, sdk_metadata) != []


def test_two_instances_migrating_at_once_both_succeed(database_url: str, owner: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a SQLite file has one owner process")
    instances = [Database.open(database_url, owner=owner) for _ in range(3)]
    failures: list[Exception] = []

    def start(db: Database) -> None:
        try:
            migrate(db)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start, args=(db,)) for db in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert failures == []
        assert not needs_migration(instances[0])
    finally:
        for db in instances:
            db.close()


def test_a_connection_in_use_at_the_end_is_closed_when_it_comes_back(
    database_url: str, owner: str
) -> None:
    db = Database.open(database_url, owner=owner)
    with db.read() as conn:
        raw = conn.connection.dbapi_connection
        db.close()
    assert raw is not None
    with pytest.raises(Exception, match="closed"):
        raw.cursor().execute("SELECT 1")


def test_revisions_can_be_read_by_several_threads_at_once(database: Database) -> None:
    failures: list[Exception] = []

    def look() -> None:
        try:
            for _ in range(30):
                needs_migration(database)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.fixture
def service_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"migrations_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "m0001_visit.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        "revision = '0001'\ndown_revision = None\n"
        "def upgrade():\n    op.create_table('ward', "
        "sa.Column('id', sa.Integer, primary_key=True))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_service_has_its_own_history(database: Database, service_migrations: str) -> None:
    assert needs_migration(database, service_migrations)
    migrate(database, service_migrations)
    assert not needs_migration(database, service_migrations)
    with database.begin() as conn:
        conn.execute(text("INSERT INTO ward (id) VALUES (1)"))


def test_a_schema_that_a_newer_release_has_migrated_bears_the_older_code(
    database: Database, service_migrations: str
) -> None:
    migrate(database, service_migrations)
    with database.begin() as conn:
        conn.execute(text(f"UPDATE {database.schema}_version SET version_num = '0002'"))
    assert not needs_migration(database, service_migrations)
    migrate(database, service_migrations)
    with database.read() as conn:
        assert conn.scalar(text(f"SELECT version_num FROM {database.schema}_version")) == "0002"


def test_a_migration_keeps_nobody_waiting_behind_it_while_a_table_is_read(
    database: Database, service_migrations: str, tmp_path: Path
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("a SQLite file has one writer and no lock of a table")
    (tmp_path / service_migrations / "m0002_name.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0002'\n"
        "down_revision = '0001'\n"
        "def upgrade():\n    op.add_column('busy', sa.Column('name', sa.Text()))\n"
    )
    with database.begin() as conn:
        conn.execute(text("CREATE TABLE busy (id integer)"))
    migrating = threading.Thread(target=migrate, args=(database, service_migrations))
    with database.begin() as reader:
        reader.execute(text("SELECT * FROM busy"))
        migrating.start()
        for _ in range(3):
            with database.read() as conn:  # would wait as long as the reader does
                conn.execute(text("SET lock_timeout = '3s'"))
                conn.execute(text("SELECT id FROM busy"))
        assert migrating.is_alive()
    migrating.join(30)
    assert not migrating.is_alive()
    with database.read() as conn:
        conn.execute(text("SELECT name FROM busy"))


def test_a_migration_that_fails_leaves_nothing(
    database: Database, service_migrations: str, tmp_path: Path
) -> None:
    (tmp_path / service_migrations / "m0002_broken.py").write_text(
        "from alembic import op\nrevision = '0002'\ndown_revision = '0001'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (id int)')\n    1 / 0\n"
    )
    with pytest.raises(ZeroDivisionError):
        migrate(database, service_migrations)
    with pytest.raises(DBAPIError), database.read() as conn:
        conn.execute(text("SELECT * FROM half"))
    with pytest.raises(DBAPIError), database.read() as conn:
        conn.execute(text("SELECT * FROM ward"))


class TestSqlite:
    def test_a_second_owner_is_told_who_has_the_file(self, tmp_path: Path) -> None:
        db = Database.open(f"sqlite:///{tmp_path}/a.db", owner="a")
        with pytest.raises(DatabaseInUse, match=r"in use by process \d+"):
            Database.open(f"sqlite:///{tmp_path}/a.db", owner="a")
        db.close()
        Database.open(f"sqlite:///{tmp_path}/a.db", owner="a").close()

    def test_it_is_durable_and_checks_references(self, tmp_path: Path) -> None:
        db = Database.open(f"sqlite:///{tmp_path}/a.db", owner="a")
        with db.begin() as conn:
            pragmas = [
                conn.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        assert pragmas == ["wal", 2, 1]
        db.close()

    def test_a_transaction_inside_a_transaction_is_a_programming_error(
        self, tmp_path: Path
    ) -> None:
        db = Database.open(f"sqlite:///{tmp_path}/a.db", owner="a")
        with db.begin(), pytest.raises(RuntimeError, match="already open"), db.begin():
            pass
        db.close()

    def test_memory_only_is_refused(self) -> None:
        with pytest.raises(ValueError, match="needs a file"):
            Database.open("sqlite://", owner="a")


def test_opening_a_postgresql_that_is_away_succeeds_and_using_it_is_transient() -> None:
    db = Database.open("postgresql+psycopg://nobody@127.0.0.1:1/none", owner="a")
    with pytest.raises(DBAPIError) as caught, db.begin():
        pass
    assert is_transient(caught.value)
    db.close()


def test_a_wrong_statement_is_not_transient(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.begin() as conn:
        conn.execute(text("SELECT * FROM nowhere"))
    assert not is_transient(caught.value)
