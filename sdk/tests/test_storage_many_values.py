"""Many values as one parameter: the same answers as one by one, on both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from xianban_sdk.storage.among import among
from xianban_sdk.storage.arrays import bytes_array, number_array
from xianban_sdk.storage.tables import relation_record

HARD = ["", " ", "O'Neil", 'say "hi"', "back\\slash", "a,b", "{c}", "NULL", "null", "贤办", "\n"]
KEPT = {"kind": "person", "sequence": 1, "actor": "", "data": b"", "active": True}
NUMBERS = st.integers(-(2**63), 2**63 - 1)


def test_a_column_is_among_whatever_texts_there_are(database):
    rows = [{**KEPT, "id": each, "subject": each} for each in HARD]
    with database.begin() as conn:
        conn.execute(relation_record.insert(), rows)
        for wanted in ([], HARD[:1], HARD, [*HARD[3:7], "nobody"]):
            mine = select(relation_record.c.id).where(among(conn, relation_record.c.id, wanted))
            assert {*conn.scalars(mine)} == {*wanted} & {*HARD}


def test_a_column_is_among_numbers(database):
    with database.begin() as conn:
        conn.execute(relation_record.insert(), {**KEPT, "id": "a", "subject": ""})
        for wanted, found in (([1, 2**62], ["a"]), ([2], [])):
            mine = among(conn, relation_record.c.sequence, wanted)
            assert conn.scalars(select(relation_record.c.id).where(mine)).all() == found


@pytest.fixture
def on_postgresql(database):
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no arrays")
    with database.read() as conn:
        yield conn


class TestArrays:
    """As PostgreSQL reads them."""

    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        whole=st.lists(st.none() | NUMBERS, min_size=1),
        real=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1),
        raw=st.lists(st.none() | st.binary(max_size=40), min_size=1),
    )
    def test_what_is_written_comes_back(self, on_postgresql, whole, real, raw):
        told = [number_array(whole), number_array(real), bytes_array(raw)]
        asked = "SELECT %s::bigint[], %s::float8[], %s::bytea[]"
        row = on_postgresql.exec_driver_sql(asked, tuple(told)).one()
        assert (row[0], row[1]) == (whole, real)
        assert [None if one is None else bytes(one) for one in row[2]] == raw

    def test_none_at_all_is_an_empty_array(self, on_postgresql):
        told = {"numbers": number_array([]), "raw": bytes_array([])}
        asked = text("SELECT CAST(:numbers AS bigint[]), CAST(:raw AS bytea[])")
        assert on_postgresql.execute(asked, told).one() == ([], [])
